package dev.limbeck.data.rows;

import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Say what is doubtful about the labels of rows and their splits. */
final class RowWarnings {
    private RowWarnings() {}

    /** Return a line for each finding. */
    static List<String> of(Rows source, SplitPlan plan) {
        List<String> lines = new ArrayList<>();
        plan.unlabeled()
                .forEach((split, rows) -> lines.add(
                        rows.length + " rows of the " + split.label() + " split have no label and are left out"));
        if (plan.task().kind() != Task.Kind.SINGLE_LABEL) return lines;
        Map<Integer, Long> counts = Arrays.stream(plan.of(Split.TRAIN))
                .map(plan::label)
                .filter(label -> label >= 0)
                .boxed()
                .collect(Collectors.groupingBy(label -> label, Collectors.counting()));
        long single = counts.values().stream().filter(count -> count == 1).count();
        if (single > 0) {
            lines.add(single + " of " + counts.size() + " classes have one training row each"
                    + (single > counts.size() / 2 ? "; numbers are predicted with --task regression" : ""));
        }
        Set<Integer> trained = counts.keySet();
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            List<String> untrained = classes(plan, split).stream()
                    .filter(label -> !trained.contains(label))
                    .map(plan.task().names()::get)
                    .toList();
            if (untrained.isEmpty()) continue;
            lines.add("no labeled training row of " + Names.quoted(untrained) + plan.limitWords() + ", which the "
                    + split.label() + " split has; correct the labels, or add training rows");
        }
        return lines;
    }

    private static Set<Integer> classes(SplitPlan plan, Split split) {
        return Arrays.stream(plan.of(split))
                .map(plan::label)
                .filter(label -> label >= 0)
                .boxed()
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
