package dev.limbeck.prune;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Choose which channels to remove, and remove them. A target of MACs removes the channels with the lowest scores of the whole network, so
 * layers are pruned differently; a ratio removes the same share of each layer.
 */
public final class Pruning {
    /** Share of a layer's channels that stays at least. */
    public static final double LEAST = 0.1;

    /** Number of batches that {@link Criterion#TAYLOR} sees. */
    public static final int BATCHES = 8;

    private final Criterion criterion;
    private @Nullable Data data;
    private int batches = BATCHES;
    private double least = LEAST;
    private int multiple = 1;
    private @Nullable List<Long> whole;

    /** Prune by a criterion. */
    public Pruning(Criterion criterion) {
        this.criterion = criterion;
    }

    /** Set the data whose training rows the criterion sees, and the number of batches. */
    public Pruning data(Data rows, int number) {
        data = rows;
        batches = Settings.atLeast(1, "batches", number);
        return this;
    }

    /**
     * Set the share of each layer's channels that a target of MACs keeps at least; the default is {@link #LEAST}. One channel always stays.
     *
     * @param share in [0, 1)
     */
    public Pruning least(double share) {
        least = Settings.inHalfOpenUnit("the least share of channels", share);
        return this;
    }

    /** Set the channels of each layer before the first of several prunings, of which {@link #least} is a share; by default the network's. */
    public Pruning whole(List<Long> widths) {
        whole = widths;
        return this;
    }

    /** Keep a multiple of this number of channels in each layer, rounded up; the default is 1. */
    public Pruning multiple(int of) {
        multiple = Settings.atLeast(1, "multiple of channels", of);
        return this;
    }

    /**
     * Prune to a share of the network's MACs.
     *
     * @param share above 0 and below 1
     * @throws LimbeckException as {@link #toMacs}
     */
    public Pruned toShare(PrunableNetwork network, double share) {
        return toMacs(network, macs(network, share));
    }

    /**
     * Prune to at most a number of MACs. As few channels as possible are removed, in the order of their scores.
     *
     * @throws LimbeckException if even the least widths have more, with the nearest target; nothing is scored then
     */
    public Pruned toMacs(PrunableNetwork network, long macs) {
        require(network, macs);
        List<double[]> scores = criterion.scores(network, data, batches);
        return keep(network, scores, widths(network, scores, macs));
    }

    /**
     * Check that a share of the network's MACs can be reached, without scores.
     *
     * @throws LimbeckException as {@link #toMacs}
     */
    public void requireShare(PrunableNetwork network, double share) {
        require(network, macs(network, share));
    }

    private static long macs(PrunableNetwork network, double share) {
        if (!(share > 0 && share < 1)) throw Settings.wrong("share of MACs", "above 0 and below 1", share);
        return Math.round(share * network.cost().macs());
    }

    /**
     * Remove a share of the channels of each layer, rounded down.
     *
     * @param ratio of all layers that are not named, in [0, 1)
     * @param layers ratios by the path of a convolution, or the beginning of several paths, such as layer3
     * @throws LimbeckException if a layer would be empty, or there is none of a name
     */
    public Pruned byRatio(PrunableNetwork network, double ratio, Map<String, Double> layers) {
        List<Integer> widths = new ArrayList<>();
        List<String> names =
                network.groups().stream().map(group -> group.name()).toList();
        for (String layer : layers.keySet()) {
            if (names.stream().noneMatch(name -> isIn(layer, name))) {
                throw Names.unknown(
                        "layer that can be pruned",
                        layer,
                        network.architecture().name(),
                        names);
            }
        }
        for (int i = 0; i < names.size(); i++) {
            String name = names.get(i);
            double own = layers.entrySet().stream()
                    .filter(entry -> isIn(entry.getKey(), name))
                    // The longest name is the most exact.
                    .max(Comparator.comparingInt(entry -> entry.getKey().length()))
                    .map(Map.Entry::getValue)
                    .orElse(ratio);
            int width = Math.toIntExact(network.widths().get(i));
            if (!(own >= 0 && own < 1)) {
                throw new LimbeckException("the ratio of " + name + " must be at least 0 and below 1, found " + own
                        + (own >= 1 ? ", which would empty the layer" : ""));
            }
            widths.add(rounded(width - (int) Math.floor(own * width), width));
        }
        if (longs(widths).equals(network.widths())) {
            throw new LimbeckException("these ratios remove no channel of "
                    + network.architecture().name() + ", found " + ratio + (layers.isEmpty() ? "" : " and " + layers)
                    + "; raise them");
        }
        return keep(network, criterion.scores(network, data, batches), widths);
    }

    private static boolean isIn(String layer, String name) {
        return name.equals(layer) || name.startsWith(layer + ".");
    }

    private int rounded(int width, int full) {
        return Math.min(full, (width + multiple - 1) / multiple * multiple);
    }

    /** Return the fewest channels that each layer keeps. */
    private List<Integer> floors(PrunableNetwork network) {
        List<Long> now = network.widths();
        List<Long> before = whole == null ? now : whole;
        return IntStream.range(0, now.size())
                .mapToObj(i -> {
                    int fewest = Math.max(1, (int) Math.ceil(least * before.get(i)));
                    return rounded(fewest, Math.toIntExact(now.get(i)));
                })
                .toList();
    }

    private void require(PrunableNetwork network, long macs) {
        List<Integer> floors = floors(network);
        long fewest = network.cost(longs(floors)).macs();
        if (macs >= fewest) return;
        if (fewest == network.cost().macs()) {
            throw new LimbeckException(
                    network.architecture()
                            + " cannot be pruned further: each layer has its fewest channels; lower the least share or the multiple");
        }
        double share = Math.ceil(1000.0 * fewest / network.cost().macs()) / 1000;
        throw new LimbeckException(String.format(
                Locale.ROOT,
                "%s cannot be pruned to %,d MACs: with at least %s %% of each layer's channels it has %,d; the nearest"
                        + " target is %s of its MACs; raise the target, or lower the least share",
                network.architecture(),
                macs,
                // Without ".0".
                String.valueOf(100 * least).replaceAll("\\.0$", ""),
                fewest,
                share));
    }

    /** Find the widths that meet a target with the fewest channels removed. */
    private List<Integer> widths(PrunableNetwork network, List<double[]> scores, long macs) {
        int[][] order = order(scores);
        IntFunction<List<Integer>> without = removed -> widths(network, order, removed);
        int low = 0;
        int high = order.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (network.cost(longs(without.apply(middle))).macs() <= macs) high = middle;
            else low = middle + 1;
        }
        return without.apply(low);
    }

    private List<Integer> widths(PrunableNetwork network, int[][] order, int removed) {
        int[] left = network.widths().stream().mapToInt(Math::toIntExact).toArray();
        List<Integer> floors = floors(network);
        for (int i = 0; i < removed; i++) left[order[i][0]]--;
        List<Integer> widths = new ArrayList<>();
        for (int i = 0; i < left.length; i++) {
            int full = Math.toIntExact(network.widths().get(i));
            widths.add(Math.max(floors.get(i), rounded(left[i], full)));
        }
        return widths;
    }

    /** Return group and channel of all channels, the lowest scores first. */
    private int[][] order(List<double[]> scores) {
        List<double[]> compared = criterion == Criterion.L1
                ? scores.stream().map(Pruning::relative).toList()
                : scores;
        return IntStream.range(0, scores.size())
                .boxed()
                .flatMap(group -> IntStream.range(0, scores.get(group).length).mapToObj(c -> new int[] {group, c}))
                .sorted(Comparator.comparingDouble(place -> compared.get(place[0])[place[1]]))
                .toArray(int[][]::new);
    }

    private static double[] relative(double... scores) {
        double mean = Arrays.stream(scores).average().orElse(0);
        return mean == 0
                ? scores
                : Arrays.stream(scores).map(score -> score / mean).toArray();
    }

    /** Keep the channels with the highest scores; of equal ones the first. */
    private static Pruned keep(PrunableNetwork network, List<double[]> scores, List<Integer> widths) {
        List<int[]> kept = new ArrayList<>();
        for (int group = 0; group < widths.size(); group++) {
            double[] own = scores.get(group);
            kept.add(IntStream.range(0, own.length)
                    .boxed()
                    .sorted(Comparator.comparingDouble(c -> -own[c]))
                    .limit(widths.get(group))
                    .mapToInt(Integer::intValue)
                    .sorted()
                    .toArray());
        }
        return network.keep(kept);
    }

    private static List<Long> longs(List<Integer> widths) {
        return widths.stream().map(Integer::longValue).toList();
    }
}
