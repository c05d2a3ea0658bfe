package dev.limbeck.report;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold the data of the page of a folder of runs. The script reads it as JSON with names in snake_case.
 *
 * @param shares the scores whose values are fractions in [0, 1]
 */
record RunsPage(
        String title, List<String> facts, List<Link> comparisons, List<Row> runs, List<String> shares, String footer) {
    /**
     * Hold a link.
     *
     * @param href relative address; null if there is no page
     */
    record Link(String name, @Nullable String href) {}

    /**
     * Hold what the table shows of a run, a column each.
     *
     * @param scores the main metric by split, such as {@code test accuracy}
     */
    record Row(
            String name,
            @Nullable String href,
            String state,
            @Nullable String student,
            @Nullable String teacher,
            int epochs,
            @Nullable Integer planned,
            Map<String, Double> scores,
            @Nullable Double trainLoss,
            double seconds,
            @Nullable String started) {}
}
