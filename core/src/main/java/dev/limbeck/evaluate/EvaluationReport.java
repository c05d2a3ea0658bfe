package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.train.Predictions;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Judge one model beyond its accuracy.
 *
 * @param fidelity how closely it follows its teacher; null without one
 * @param calibration of its probabilities as they are
 * @param temperature fitted on the validation split; null where that is what is judged, or there is none
 * @param scaled calibration at that temperature, null without one
 * @param recall share of each class that it recognizes; NaN for a class without rows
 * @param confusion how often each class was taken for each
 */
public record EvaluationReport(
        @Nullable Fidelity fidelity,
        Calibration calibration,
        @Nullable Double temperature,
        @Nullable Calibration scaled,
        List<Double> recall,
        ConfusionMatrix confusion) {
    /**
     * Judge predictions of a split.
     *
     * @param predictions of the model by split: the judged one, and the validation split for the temperature
     * @param teacher the same of its teacher; null if there is none
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
                IntStream.range(0, judged.classes()).mapToObj(confusion::recall).toList(),
                confusion);
    }

    private static Predictions require(Map<Split, Predictions> predictions, Split split) {
        Predictions found = predictions.get(split);
        if (found == null) throw new LimbeckException("there are no predictions of the " + split.label() + " split");
        return found;
    }
}
