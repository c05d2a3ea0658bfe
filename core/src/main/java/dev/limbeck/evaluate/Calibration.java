package dev.limbeck.evaluate;

import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.math3.optim.MaxEval;
import org.apache.commons.math3.optim.nonlinear.scalar.GoalType;
import org.apache.commons.math3.optim.univariate.BrentOptimizer;
import org.apache.commons.math3.optim.univariate.SearchInterval;
import org.apache.commons.math3.optim.univariate.UnivariateObjectiveFunction;

/**
 * Measure whether a model is as often right as it says (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
 *
 * @param error expected calibration error: the mean over the rows of |confidence − accuracy| of their bin
 * @param bins 15 bins of equal width over the confidence in the top class, from 0 to 1
 */
public record Calibration(double error, List<Bin> bins) {
    private static final int BINS = 15;
    private static final double LEAST_TEMPERATURE = 0.05;
    private static final double MOST_TEMPERATURE = 50;

    /**
     * Hold one bin.
     *
     * @param rows rows with a confidence in the bin
     * @param confidence their mean confidence, NaN without rows
     * @param accuracy the share of them that is right, NaN without rows
     */
    public record Bin(int rows, double confidence, double accuracy) {}

    /** Evaluate the probabilities at a temperature; rows without a label do not count. */
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
     * Find the temperature in [0.05, 50] with the least negative log-likelihood of the labels. To be found on other rows
     * than those it is then evaluated on.
     */
    public static double temperature(Predictions predictions) {
        // Searched in the logarithm: halving and doubling matter alike.
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
