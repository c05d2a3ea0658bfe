package dev.limbeck.data;

import java.util.Arrays;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Make batches of rows in memory, in a given order. */
public final class OrderedLoader implements DataLoader {
    private final int[] order;
    private final int batchSize;
    private final Function<int[], Batch> batch;
    private int next;

    /**
     * Begin at the first row.
     *
     * @param order positions of rows in their split
     * @param batch makes a batch of positions
     */
    public OrderedLoader(int[] order, int batchSize, Function<int[], Batch> batch) {
        this.order = order.clone();
        this.batchSize = batchSize;
        this.batch = batch;
    }

    @Override
    public int batches() {
        return (order.length + batchSize - 1) / batchSize;
    }

    @Override
    public @Nullable Batch next() {
        if (next >= order.length) return null;
        int[] rows = Arrays.copyOfRange(order, next, Math.min(order.length, next + batchSize));
        next += rows.length;
        return batch.apply(rows);
    }

    @Override
    public void skip() {
        next = Math.min(order.length, next + batchSize);
    }

    @Override
    public void close() {
        // Nothing is held.
    }
}
