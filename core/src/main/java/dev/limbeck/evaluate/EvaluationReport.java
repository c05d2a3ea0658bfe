package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.train.Predictions;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Hold an evaluation beyond accuracy and loss.
 *
 * @param fidelity fidelity to the teacher; null without one
 * @param calibration calibration at temperature 1
 * @param temperature temperature fitted on the validation split; null if that split is evaluated or missing
 * @param scaled calibration at that temperature; null without one
 * @param recall recall of each class; NaN for a class without rows
 * @param confusion the confusion matrix
 */
public record EvaluationReport(
        @Nullable Fidelity fidelity,
        Calibration calibration,
        @Nullable Double temperature,
        @Nullable Calibration scaled,
        List<Double> recall,
        ConfusionMatrix confusion) {
    /**
     * Evaluate the predictions on a split.
     *
     * @param predictions the model's predictions by split: the evaluated one, and the validation split for the
     *     temperature
     * @param teacher the teacher's predictions; null without a teacher
     */
    public static EvaluationReport of(
            Map<Split, Predictions> predictions, Split split, @Nullable Map<Split, Predictions> teacher) {
        Predictions judged = require(predictions, split);
        Predictions valid = split == Split.VALID ? null : predictions.get(Split.VALID);
        Double temperature = valid == null ? null : Calibration.temperature(valid);
        ConfusionMatrix confusion = ConfusionMatrix.of(judged);
        return new EvaluationReport(
                teacher == null ? null : Fidelity.of(require(teacher, split), judged),
                Calibration.of(judged, 1),
                temperature,
                temperature == null ? null : Calibration.of(judged, temperature),
                IntStream.range(0, judged.width()).mapToObj(confusion::recall).toList(),
                confusion);
    }

    private static Predictions require(Map<Split, Predictions> predictions, Split split) {
        Predictions found = predictions.get(split);
        if (found == null) throw new LimbeckException("there are no predictions of the " + split.label() + " split");
        return found;
    }
}
