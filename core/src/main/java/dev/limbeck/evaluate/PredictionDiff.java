package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.List;

/**
 * Hold the differences between two models' predictions on the same rows.
 *
 * @param won rows that only the second model predicts correctly
 * @param lost rows that only the first model predicts correctly
 * @param recall for each class, the recall of the second model minus that of the first; NaN for a class without rows
 */
public record PredictionDiff(List<Integer> won, List<Integer> lost, List<Double> recall) {
    /**
     * Compare the predictions of two models. Rows without a label are ignored.
     *
     * @throws LimbeckException if rows or classes differ
     */
    public static PredictionDiff of(Predictions first, Predictions second) {
        if (first.size() != second.size() || first.width() != second.width()) {
            throw new LimbeckException("expected predictions of the same rows and classes, found " + first.size() + "×"
                    + first.width() + " and " + second.size() + "×" + second.width());
        }
        List<Integer> won = new ArrayList<>();
        List<Integer> lost = new ArrayList<>();
        for (int row = 0; row < first.size(); row++) {
            int label = first.labels()[row];
            if (label < 0) continue;
            boolean before = first.argmax(row) == label;
            boolean after = second.argmax(row) == label;
            if (after && !before) won.add(row);
            if (before && !after) lost.add(row);
        }
        ConfusionMatrix before = ConfusionMatrix.of(first);
        ConfusionMatrix after = ConfusionMatrix.of(second);
        List<Double> recall = new ArrayList<>();
        for (int label = 0; label < first.width(); label++) recall.add(after.recall(label) - before.recall(label));
        return new PredictionDiff(List.copyOf(won), List.copyOf(lost), List.copyOf(recall));
    }
}
