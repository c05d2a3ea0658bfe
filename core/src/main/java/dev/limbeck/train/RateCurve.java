package dev.limbeck.train;

import java.util.List;

/**
 * Hold the loss over rising learning rates, as {@link Learner#findRate} measured it.
 *
 * @param rates learning rate of each step
 * @param losses smoothed training loss of each step
 * @param suggestion the rate at which the loss falls most steeply; a highest rate for one-cycle
 */
public record RateCurve(List<Double> rates, List<Double> losses, double suggestion) {
    private static final int UNSETTLED = 10;
    private static final int RISING = 5;

    static RateCurve of(List<Double> rates, List<Double> losses) {
        int from = Math.min(UNSETTLED, Math.max(0, rates.size() - RISING - 2));
        int to = Math.max(from + 1, rates.size() - RISING);
        int steepest = from;
        double least = Double.POSITIVE_INFINITY;
        for (int i = from; i + 1 < Math.min(to, rates.size()); i++) {
            double slope = losses.get(i + 1) - losses.get(i);
            if (slope < least) {
                least = slope;
                steepest = i;
            }
        }
        return new RateCurve(List.copyOf(rates), List.copyOf(losses), rates.get(steepest));
    }
}
