package dev.limbeck.data.rows;

import dev.limbeck.data.Draws;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/** Bring rows of similar length together. A batch is padded to its longest row, so this saves most of the padding. */
final class Lengths {
    /** Batches whose rows are sorted by length together. */
    private static final int BUCKET = 20;

    private final SplitPlan plan;
    private final IntUnaryOperator length;
    private final Map<Split, int[]> orders = new EnumMap<>(Split.class);

    /**
     * Sort the rows of all splits.
     *
     * @param length of a row of the source
     */
    Lengths(SplitPlan plan, IntUnaryOperator length) {
        this.plan = plan;
        this.length = length;
        for (Split split : Split.values()) {
            orders.put(
                    split,
                    sorted(split, IntStream.range(0, plan.of(split).length).toArray()));
        }
    }

    /** Return the positions of all rows of a split, by length. Rows of the same length keep their order. */
    int[] order(Split split) {
        return orders.getOrDefault(split, new int[0]).clone();
    }

    /** Sort positions of rows by length. */
    int[] sorted(Split split, int... positions) {
        int[] rows = plan.of(split);
        return Arrays.stream(positions)
                .boxed()
                .sorted(Comparator.comparingInt(i -> length.applyAsInt(rows[i])))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** Sort some batches of drawn training rows by length, and draw the order of all batches. */
    int[] batched(int[] drawn, int batchSize, Draws draws) {
        List<int[]> batches = new ArrayList<>();
        for (int from = 0; from < drawn.length; from += batchSize * BUCKET) {
            int[] sorted = sorted(
                    Split.TRAIN, Arrays.copyOfRange(drawn, from, Math.min(drawn.length, from + batchSize * BUCKET)));
            for (int at = 0; at < sorted.length; at += batchSize) {
                batches.add(Arrays.copyOfRange(sorted, at, Math.min(sorted.length, at + batchSize)));
            }
        }
        int[] places = IntStream.range(0, batches.size()).toArray();
        draws.shuffle(places);
        return Arrays.stream(places)
                .mapToObj(batches::get)
                .flatMapToInt(Arrays::stream)
                .toArray();
    }
}
