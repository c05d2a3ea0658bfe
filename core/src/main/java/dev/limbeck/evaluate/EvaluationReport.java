package dev.limbeck.evaluate;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.train.ColumnMetrics;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold an evaluation beyond the main metric and loss. Calibration and confusion are those of one class per row, and null for
 * other tasks.
 *
 * @param fidelity fidelity to the teacher; null without one
 * @param calibration calibration at temperature 1
 * @param temperature temperature fitted on the validation split; null if that split is evaluated or missing
 * @param scaled calibration at that temperature; null without one
 * @param recall recall of each class or label, NaN without rows; empty for regression
 * @param confusion the confusion matrix
 * @param columns metrics of each label or target by name; empty for one class per row
 */
public record EvaluationReport(
        @Nullable Fidelity fidelity,
        @Nullable Calibration calibration,
        @Nullable Double temperature,
        @Nullable Calibration scaled,
        List<Double> recall,
        @Nullable ConfusionMatrix confusion,
        Map<String, List<Double>> columns) {
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
        Fidelity fidelity = teacher == null ? null : Fidelity.of(require(teacher, split), judged);
        Map<String, List<Double>> columns = new LinkedHashMap<>();
        switch (judged.task().kind()) {
            case MULTI_LABEL -> {
                columns.put("average_precision", Metric.ofColumns(judged, ColumnMetrics::averagePrecision));
                columns.put("auc", Metric.ofColumns(judged, ColumnMetrics::auc));
                columns.put("f1", Metric.ofColumns(judged, ColumnMetrics::f1));
                return new EvaluationReport(fidelity, null, null, null, PredictionDiff.recall(judged), null, columns);
            }
            case REGRESSION -> {
                columns.put("rmse", Metric.ofColumns(judged, ColumnMetrics::rmse));
                columns.put("mae", Metric.ofColumns(judged, ColumnMetrics::mae));
                columns.put("r2", Metric.ofColumns(judged, ColumnMetrics::r2));
                return new EvaluationReport(fidelity, null, null, null, List.of(), null, columns);
            }
            case EMBEDDING -> throw noPredictions();
            case SINGLE_LABEL -> {
                Predictions valid = split == Split.VALID ? null : predictions.get(Split.VALID);
                double fitted = valid == null ? Double.NaN : Calibration.temperature(valid);
                Double temperature = Double.isNaN(fitted) ? null : fitted;
                return new EvaluationReport(
                        fidelity,
                        Calibration.of(judged, 1),
                        temperature,
                        temperature == null ? null : Calibration.of(judged, temperature),
                        PredictionDiff.recall(judged),
                        ConfusionMatrix.of(judged),
                        columns);
            }
        }
        throw new IllegalStateException("a task has one of four kinds");
    }

    /** Create the exception for an embedding, which says nothing that labels could contradict. */
    static LimbeckException noPredictions() {
        return new LimbeckException(
                "an embedding has no predictions to judge; train a classifier that starts from it (--weights RUN)");
    }

    private static Predictions require(Map<Split, Predictions> predictions, Split split) {
        Predictions found = predictions.get(split);
        if (found == null) throw new LimbeckException("there are no predictions of the " + split.label() + " split");
        return found;
    }
}
