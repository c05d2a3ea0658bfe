package dev.limbeck.train;

import dev.limbeck.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Hold the known rows of one label or target, and compute metrics of it.
 *
 * @param outputs scores of a label, or predicted numbers in the target's unit
 * @param targets 0 or 1 for a label, numbers in the target's unit
 */
public record ColumnMetrics(double[] outputs, double[] targets) {
    private record Scored(double score, boolean positive) {}

    /** Select a column of predictions, without rows whose target is unknown. */
    public static ColumnMetrics of(Predictions predictions, int column) {
        int known = 0;
        double[] outputs = new double[predictions.size()];
        double[] targets = new double[predictions.size()];
        for (int row = 0; row < predictions.size(); row++) {
            float target = predictions.targets().value(row, column);
            if (Float.isNaN(target)) continue;
            outputs[known] = decoded(predictions.task(), column, predictions.output(row, column));
            targets[known++] = decoded(predictions.task(), column, target);
        }
        return new ColumnMetrics(Arrays.copyOf(outputs, known), Arrays.copyOf(targets, known));
    }

    /** Select the second of two classes: the difference of the logits, and 1 for its rows. */
    static ColumnMetrics ofTwoClasses(Predictions predictions) {
        int[] labels = predictions.labels();
        int[] known = IntStream.range(0, labels.length)
                .filter(row -> labels[row] >= 0)
                .toArray();
        return new ColumnMetrics(
                Arrays.stream(known)
                        .mapToDouble(row -> (double) predictions.output(row, 1) - predictions.output(row, 0))
                        .toArray(),
                Arrays.stream(known).mapToDouble(row -> labels[row]).toArray());
    }

    private static double decoded(Task task, int column, double value) {
        return task instanceof Task.Regression regression ? regression.value(column, value) : value;
    }

    public int rows() {
        return outputs.length;
    }

    private boolean hasNan() {
        for (double output : outputs) if (Double.isNaN(output)) return true;
        return false;
    }

    /** Return the rows by falling score. */
    private List<Scored> ranked() {
        List<Scored> rows = new ArrayList<>();
        for (int i = 0; i < outputs.length; i++) rows.add(new Scored(outputs[i], targets[i] >= 0.5));
        rows.sort(Comparator.comparingDouble(Scored::score).reversed());
        return rows;
    }

    /** Return the average precision; NaN if no row has the label, or a score is NaN. */
    public double averagePrecision() {
        if (hasNan()) return Double.NaN;
        List<Scored> rows = ranked();
        long positives = rows.stream().filter(Scored::positive).count();
        long found = 0;
        double sum = 0;
        for (int i = 0; i < rows.size(); ) {
            long before = found;
            double score = rows.get(i).score;
            // Rows of one score cannot be separated by a threshold.
            for (; i < rows.size() && rows.get(i).score == score; i++) if (rows.get(i).positive) found++;
            sum += (found - before) * ((double) found / i);
        }
        return positives == 0 ? Double.NaN : sum / positives;
    }

    /** Return the area under the ROC curve; NaN if all rows or none have the label, or a score is NaN. */
    public double auc() {
        if (hasNan()) return Double.NaN;
        List<Scored> rows = ranked();
        long above = 0;
        double pairs = 0;
        for (int i = 0; i < rows.size(); ) {
            double score = rows.get(i).score;
            long positives = 0;
            long negatives = 0;
            for (; i < rows.size() && rows.get(i).score == score; i++) {
                if (rows.get(i).positive) positives++;
                else negatives++;
            }
            pairs += negatives * (above + positives / 2.0);
            above += positives;
        }
        long negatives = rows.size() - above;
        return above == 0 || negatives == 0 ? Double.NaN : pairs / above / negatives;
    }

    /** Return the F1 score where a probability of at least 0.5 predicts the label; 0 if it is not found once. */
    public double f1() {
        long hits = 0;
        long predicted = 0;
        long present = 0;
        for (int i = 0; i < outputs.length; i++) {
            boolean says = outputs[i] >= 0;
            boolean is = targets[i] >= 0.5;
            if (says) predicted++;
            if (is) present++;
            if (says && is) hits++;
        }
        if (rows() == 0) return Double.NaN;
        return hits == 0 ? 0 : 2.0 * hits / (predicted + present);
    }

    /** Return the share of the rows with the label that a probability of at least 0.5 finds; NaN if there are none. */
    public double recall() {
        long hits = 0;
        long present = 0;
        for (int i = 0; i < outputs.length; i++) {
            if (targets[i] < 0.5) continue;
            present++;
            if (outputs[i] >= 0) hits++;
        }
        return (double) hits / present;
    }

    /** Return the root of the mean squared error; NaN without rows. */
    public double rmse() {
        return Math.sqrt(squares() / rows());
    }

    /** Return the mean absolute error; NaN without rows. */
    public double mae() {
        double sum = 0;
        for (int i = 0; i < outputs.length; i++) sum += Math.abs(outputs[i] - targets[i]);
        return sum / rows();
    }

    /** Return the share of the variance that is explained; NaN if the targets are all equal. */
    public double r2() {
        DoubleSummaryStatistics range = Arrays.stream(targets).summaryStatistics();
        // The mean is rounded, so the variance of equal targets would not be 0.
        if (range.getMin() == range.getMax()) return Double.NaN;
        double mean = 0;
        for (double target : targets) mean += target / rows();
        double total = 0;
        for (double target : targets) total += (target - mean) * (target - mean);
        return total == 0 ? Double.NaN : 1 - squares() / total;
    }

    private double squares() {
        double sum = 0;
        for (int i = 0; i < outputs.length; i++) sum += (outputs[i] - targets[i]) * (outputs[i] - targets[i]);
        return sum;
    }
}
