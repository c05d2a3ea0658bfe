package dev.limbeck.data.rows;

import dev.limbeck.Names;
import dev.limbeck.Task;
import dev.limbeck.data.ClassNames;
import dev.limbeck.data.Split;
import dev.limbeck.data.SplitPlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntFunction;
import java.util.stream.Collectors;

/** Say what is doubtful about the labels of rows and their splits. */
final class RowWarnings {
    private RowWarnings() {}

    /**
     * Return a line for each finding.
     *
     * @param inputs cells of a row that a network gets
     */
    static List<String> of(Rows source, SplitPlan plan, IntFunction<String[]> inputs) {
        List<String> lines = new ArrayList<>(plan.warnings());
        plan.unlabeled()
                .forEach((split, rows) -> lines.add(
                        rows.length + " rows of the " + split.label() + " split have no label and are left out"));
        sayCopies(source, plan, inputs, lines);
        if (plan.task().kind() != Task.Kind.SINGLE_LABEL) return lines;
        lines.addAll(ClassNames.alike(plan.task().names()));
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

    /** Say which evaluation rows have the inputs of a training row: a network may know their answers by heart. */
    private static void sayCopies(Rows source, SplitPlan plan, IntFunction<String[]> inputs, List<String> lines) {
        int real = source.size() - source.synthetic();
        Set<List<String>> trained = Arrays.stream(plan.of(Split.TRAIN))
                .filter(row -> row < real)
                .mapToObj(row -> Arrays.asList(inputs.apply(row)))
                .collect(Collectors.toSet());
        List<String> parts = new ArrayList<>();
        String first = null;
        for (Split split : List.of(Split.VALID, Split.TEST)) {
            int[] copies = Arrays.stream(plan.of(split))
                    .filter(row -> trained.contains(Arrays.asList(inputs.apply(row))))
                    .toArray();
            if (copies.length == 0) continue;
            parts.add(copies.length + " of " + plan.of(split).length + " " + split.label() + " rows");
            if (first == null) first = source.name(copies[0]);
        }
        if (first == null) return;
        lines.add(String.join(" and ", parts) + " have the same inputs as a training row, such as " + first
                + "; if they are copies, results on new rows are worse");
    }

    private static Set<Integer> classes(SplitPlan plan, Split split) {
        return Arrays.stream(plan.of(split))
                .map(plan::label)
                .filter(label -> label >= 0)
                .boxed()
                .collect(Collectors.toCollection(TreeSet::new));
    }
}
