package dev.limbeck.bench;

import java.util.List;

/** Compute medians. */
final class Medians {
    private Medians() {}

    /** Return the median; NaN for an empty list. */
    static double of(List<Double> values) {
        if (values.isEmpty()) return Double.NaN;
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
