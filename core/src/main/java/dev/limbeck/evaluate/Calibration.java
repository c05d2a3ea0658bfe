package dev.limbeck.evaluate;

import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.univariate.BrentOptimizer;
import org.apache.commons.math3.optim.univariate.SearchInterval;
import org.apache.commons.math3.optim.univariate.UnivariateObjectiveFunction;

/**
 * Measure the calibration of a model's probabilities (Guo et al., "On Calibration of Modern Neural Networks", ICML
 * 2017).
 *
 * @param error expected calibration error, in [0, 1]: the mean over the rows of |confidence − accuracy| of their bin
 * @param bins 15 bins of equal width over the confidence in the top class, from 0 to 1
 */
public record Calibration(double error, List<Bin> bins) {
    private static final int BINS = 15;
    private static final double LEAST_TEMPERATURE = 0.05;
    private static final double MOST_TEMPERATURE = 50;

    /**
     * Hold one bin.
     *
     * @param rows number of rows with a confidence in the bin
     * @param confidence mean confidence; NaN without rows
     * @param accuracy accuracy, in [0, 1]; NaN without rows
     */
    public record Bin(int rows, double confidence, double accuracy) {}

    /** Measure calibration at a temperature. Rows without a label are ignored. */
    public static Calibration of(Predictions predictions, double temperature) {
        int[] rows = new int[BINS];
        double[] confidence = new double[BINS];
        int[] right = new int[BINS];
        int labeled = 0;
        for (int row = 0; row < predictions.size(); row++) {
            if (predictions.labels()[row] < 0 || predictions.argmax(row) < 0) continue;
            labeled++;
            double most = predictions.probabilities(row, temperature)[predictions.argmax(row)];
            int bin = Math.min(BINS - 1, (int) (most * BINS));
            rows[bin]++;
            confidence[bin] += most;
            if (predictions.argmax(row) == predictions.labels()[row]) right[bin]++;
        }
        List<Bin> bins = new ArrayList<>();
        double error = 0;
        for (int i = 0; i < BINS; i++) {
            bins.add(new Bin(rows[i], confidence[i] / rows[i], (double) right[i] / rows[i]));
            error += Math.abs(confidence[i] - right[i]);
        }
        return new Calibration(labeled == 0 ? Double.NaN : error / labeled, List.copyOf(bins));
    }

    /**
     * Return the temperature in [0.05, 50] with the lowest negative log-likelihood. Fit it on other rows than those
     * that are evaluated.
     *
     * @return NaN if no row has a label
     */
    public static double temperature(Predictions predictions) {
        if (Arrays.stream(predictions.labels()).noneMatch(label -> label >= 0)) return Double.NaN;
        // Searched on a logarithmic scale, where doubling and halving are symmetric.
        double found = new BrentOptimizer(1e-6, 1e-9)
                .optimize(
                        new MaxEval(200),
                        GoalType.MINIMIZE,
                        new SearchInterval(Math.log(LEAST_TEMPERATURE), Math.log(MOST_TEMPERATURE)),
                        new UnivariateObjectiveFunction(log -> negativeLogLikelihood(predictions, Math.exp(log))))
                .getPoint();
        return Math.exp(found);
    }

    private static double negativeLogLikelihood(Predictions predictions, double temperature) {
        double sum = 0;
        for (int row = 0; row < predictions.size(); row++) {
            int label = predictions.labels()[row];
            if (label < 0) continue;
            sum -= Math.log(Math.max(Double.MIN_NORMAL, predictions.probabilities(row, temperature)[label]));
        }
        return sum;
    }
}
