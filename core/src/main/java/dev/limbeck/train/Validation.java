package dev.limbeck.train;

import java.util.Map;

/**
 * Hold what a model does on a split.
 *
 * @param loss mean task loss over the rows with a label; NaN if no row has one
 * @param metrics metrics of the task by name
 */
public record Validation(double loss, Map<String, Double> metrics, Predictions predictions) {
    /** Return a metric by name, or NaN if it was not computed. */
    public double metric(String name) {
        return metrics.getOrDefault(name, Double.NaN);
    }
}
