package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.train.ColumnMetrics;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Hold the differences between two models' predictions on the same rows. A row of several labels is predicted correctly if
 * each known label is.
 *
 * @param won rows that only the second model predicts correctly
 * @param lost rows that only the first model predicts correctly
 * @param recall for each class or label, the recall of the second model minus that of the first; NaN without rows
 */
public record PredictionDiff(List<Integer> won, List<Integer> lost, List<Double> recall) {
    /**
     * Compare the predictions of two models. Rows without a target are ignored.
     *
     * @return empty for regression, which has no correct predictions
     * @throws LimbeckException if rows or classes differ
     */
    public static Optional<PredictionDiff> of(Predictions first, Predictions second) {
        if (first.size() != second.size() || first.width() != second.width()) {
            throw new LimbeckException("expected predictions of the same rows and classes, found " + first.size() + "×"
                    + first.width() + " and " + second.size() + "×" + second.width());
        }
        if (first.task().kind() == Task.Kind.REGRESSION) return Optional.empty();
        List<Integer> won = new ArrayList<>();
        List<Integer> lost = new ArrayList<>();
        for (int row = 0; row < first.size(); row++) {
            if (!first.targets().isKnown(row)) continue;
            boolean before = isRight(first, row);
            boolean after = isRight(second, row);
            if (after && !before) won.add(row);
            if (before && !after) lost.add(row);
        }
        List<Double> before = recall(first);
        List<Double> after = recall(second);
        List<Double> recall = IntStream.range(0, before.size())
                .mapToObj(label -> after.get(label) - before.get(label))
                .toList();
        return Optional.of(new PredictionDiff(List.copyOf(won), List.copyOf(lost), recall));
    }

    /**
     * Return the p-value of the exact two-sided McNemar test, in (0, 1]: how likely numbers as unequal as these of won and lost rows are
     * if either model wins such a row with probability ½ (McNemar, Psychometrika 1947). It is 1 if no row differs.
     */
    public double pValue() {
        int differing = won.size() + lost.size();
        double log = -differing * Math.log(2);
        double tail = 0;
        for (int i = 0; i <= Math.min(won.size(), lost.size()); i++) {
            tail += Math.exp(log);
            log += Math.log(differing - i) - Math.log(i + 1.0);
        }
        return Math.min(1, 2 * tail);
    }

    private static boolean isRight(Predictions predictions, int row) {
        if (predictions.targets().areLabels())
            return predictions.argmax(row) == predictions.labels()[row];
        for (int label = 0; label < predictions.width(); label++) {
            float target = predictions.targets().value(row, label);
            if (!Float.isNaN(target) && target >= 0.5 != predictions.output(row, label) >= 0) return false;
        }
        return true;
    }

    /** Return the recall of each class or label. */
    static List<Double> recall(Predictions predictions) {
        if (predictions.targets().areLabels()) {
            ConfusionMatrix confusion = ConfusionMatrix.of(predictions);
            return IntStream.range(0, predictions.width())
                    .mapToObj(confusion::recall)
                    .toList();
        }
        return Metric.ofColumns(predictions, ColumnMetrics::recall);
    }
}
