package dev.limbeck.train;

import dev.limbeck.Names;
import java.util.Map;

/**
 * Hold the loss, metrics and predictions of a model on a split.
 *
 * @param loss mean task loss over the labeled rows; NaN if no row has a label
 * @param metrics metrics of the task by name
 */
public record EvaluationResult(double loss, Map<String, Double> metrics, Predictions predictions) {
    /** Return whether the loss or, without labels, an output is not finite. */
    boolean hasDiverged() {
        boolean judged = predictions.targets().known() > 0;
        return judged ? !Double.isFinite(loss) : predictions.rowsNotFinite() > 0;
    }

    /**
     * Return a metric by name, or NaN if no row has a label.
     *
     * @throws dev.limbeck.LimbeckException if the learner does not compute this metric; the message lists the nearest
     *     names
     */
    public double metric(String name) {
        Double value = metrics.get(name);
        if (value == null) throw Names.unknown("metric", name, metrics.keySet());
        return value;
    }
}
