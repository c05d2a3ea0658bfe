package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.train.Predictions;
import java.util.ArrayList;
import java.util.List;

/**
 * Tell what is different between the predictions of two models on the same rows.
 *
 * @param won rows that the second gets right and the first does not
 * @param lost rows that the first gets right and the second does not
 * @param recall for each class, what the second recognizes more of it, as a share; NaN for a class without rows
 */
public record PredictionDiff(List<Integer> won, List<Integer> lost, List<Double> recall) {
    /**
     * Compare the predictions of two models; rows without a label do not count.
     *
     * @throws LimbeckException if they are not of the same rows and classes
     */
    public static PredictionDiff of(Predictions first, Predictions second) {
        if (first.size() != second.size() || first.classes() != second.classes()) {
            throw new LimbeckException("expected predictions of the same rows and classes, found " + first.size() + "×"
                    + first.classes() + " and " + second.size() + "×" + second.classes());
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
        for (int label = 0; label < first.classes(); label++) recall.add(after.recall(label) - before.recall(label));
        return new PredictionDiff(List.copyOf(won), List.copyOf(lost), List.copyOf(recall));
    }
}
