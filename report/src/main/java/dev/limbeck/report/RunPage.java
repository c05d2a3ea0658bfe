package dev.limbeck.report;

import dev.limbeck.evaluate.EvaluationReport;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold the data of a run's page, all that its script shows. The script reads it as JSON with names in snake_case.
 *
 * @param state {@code finished}, {@code running} or {@code interrupted}
 * @param hasIndex whether a page of all runs is at the server's root
 * @param facts about network, data, teacher and machine, in sentences
 * @param warnings about the data
 * @param planned number of epochs that were asked for; null if unknown
 * @param secondsLeft estimated time until the last epoch; null if the run is not running, or has no epoch yet
 * @param seconds time of all epochs
 * @param stopped why the training ended early; null if it did not
 * @param epochs the numbers of each epoch by column, as in epochs.csv
 * @param results of the saved model and of other epochs
 * @param shares the metrics whose values are fractions in [0, 1]
 * @param settings by dotted name
 * @param evaluation of the predictions; null without them
 * @param withoutEvaluation why there is none; null if there is one, or the run is not complete
 */
record RunPage(
        String title,
        String state,
        boolean hasIndex,
        List<String> facts,
        List<String> warnings,
        @Nullable Integer planned,
        @Nullable Double secondsLeft,
        double seconds,
        @Nullable String stopped,
        List<Map<String, Double>> epochs,
        List<Result> results,
        List<String> shares,
        Map<String, String> settings,
        @Nullable Evaluation evaluation,
        @Nullable String withoutEvaluation,
        String footer) {
    /** Hold the result on a split after an epoch, such as {@code test, last epoch}. */
    record Result(String name, Map<String, Double> metrics, double loss, int rows) {}

    /** Hold what predictions on a split tell. */
    record Evaluation(
            String split,
            List<String> classNames,
            EvaluationReport report,
            List<Page.Miss> misses,
            List<Page.Scatter> scatters) {}
}
