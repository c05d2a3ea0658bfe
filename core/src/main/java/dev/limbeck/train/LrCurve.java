package dev.limbeck.train;

import java.util.List;

/**
 * Hold the loss over rising learning rates, as measured by {@link Learner#lrFind}.
 *
 * @param rates learning rate of each step
 * @param losses smoothed training loss of each step
 * @param suggestion the rate at which the loss falls most steeply; a maximum rate for one-cycle
 */
public record LrCurve(List<Double> rates, List<Double> losses, double suggestion) {
    /** Steps that a search needs at least. */
    public static final int FEWEST_STEPS = 20;

    /** Half the window of the slope, as a share of all steps. Single steps are mostly noise. */
    private static final double HALF_WINDOW = 0.08;

    static LrCurve of(List<Double> rates, List<Double> losses) {
        int half = Math.max(1, (int) Math.round(HALF_WINDOW * rates.size()));
        int steepest = rates.size() / 2;
        double least = Double.POSITIVE_INFINITY;
        for (int i = half; i + half < rates.size(); i++) {
            double fall = losses.get(i + half) - losses.get(i - half);
            if (fall < least) {
                least = fall;
                steepest = i;
            }
        }
        return new LrCurve(List.copyOf(rates), List.copyOf(losses), rates.get(steepest));
    }
}
