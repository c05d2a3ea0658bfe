package dev.limbeck.data;

import dev.limbeck.Decimals;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntFunction;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hold the labels or targets that columns of a table give its rows. An empty cell is an unknown one.
 *
 * @param task the task, given or found from the columns
 * @param rows a class index for single-label classification, −1 for none; else one number per column, NaN for none
 */
public record TargetColumns(Task task, List<double[]> rows) {
    private static final Pattern NOT_FINITE = Pattern.compile("(?i)[-+]?(nan|inf(inity)?)");

    /**
     * Read columns.
     *
     * @param file for messages
     * @param used names of the columns
     * @param cells of these columns, a list for each row
     * @param name of a row in messages
     * @param kind the task; null to find it: one column of text is a class, several of 0 and 1 are labels, other numbers
     *     are regression targets
     * @throws LimbeckException if a cell does not fit the task
     */
    public static TargetColumns of(
            Path file,
            List<String> used,
            List<List<String>> cells,
            IntFunction<String> name,
            Task.@Nullable Kind kind) {
        Task.Kind task = kind == null ? found(file, used, cells) : kind;
        return task == Task.Kind.SINGLE_LABEL ? classes(file, used, cells) : numbers(file, used, cells, name, task);
    }

    /** Find the task from the columns. */
    private static Task.Kind found(Path file, List<String> used, List<List<String>> cells) {
        boolean numbers = true;
        boolean whole = true;
        boolean binary = true;
        for (List<String> row : cells) {
            for (String cell : row) {
                if (cell.isEmpty()) continue;
                Double value = number(cell);
                numbers &= value != null;
                whole &= value != null && value == Math.rint(value);
                binary &= value != null && (value == 0 || value == 1);
            }
        }
        if (used.size() == 1 && !numbers) return Task.Kind.SINGLE_LABEL;
        if (!numbers) {
            throw in(
                    file,
                    "has " + used.size() + " columns of labels, and not all are numbers; choose columns (label_columns,"
                            + " --label-columns), one of text for classes");
        }
        if (used.size() > 1 && binary) return Task.Kind.MULTI_LABEL;
        if (used.size() == 1 && whole) {
            throw in(
                    file,
                    "has whole numbers in '" + Printable.quote(used.get(0))
                            + "', which may be classes or quantities; set the task (task, --task): single-label or"
                            + " regression");
        }
        return Task.Kind.REGRESSION;
    }

    private static @Nullable Double number(String cell) {
        if (NOT_FINITE.matcher(cell).matches()) return Double.NaN;
        return Decimals.isIn(cell) ? Double.valueOf(cell) : null;
    }

    private static TargetColumns classes(Path file, List<String> used, List<List<String>> cells) {
        if (used.size() != 1) {
            throw in(
                    file,
                    "has " + used.size() + " columns of labels, " + Names.quoted(used)
                            + "; choose the one with the class (label_columns, --label-columns)");
        }
        List<String> names = cells.stream()
                .map(row -> row.get(0))
                .filter(cell -> !cell.isEmpty())
                .distinct()
                .sorted(TargetColumns::inOrder)
                .toList();
        Map<String, Integer> places = new HashMap<>();
        for (String name : names) places.put(name, places.size());
        List<double[]> rows = cells.stream()
                .map(row -> new double[] {row.get(0).isEmpty() ? -1 : places.get(row.get(0))})
                .toList();
        return new TargetColumns(new Task.SingleLabel(names), rows);
    }

    /** Order numbers by value, and before other names, which are ordered as text. */
    private static int inOrder(String a, String b) {
        Double first = number(a);
        Double second = number(b);
        if (first == null != (second == null)) return first == null ? 1 : -1;
        int byValue = first == null || second == null ? 0 : Double.compare(first, second);
        return byValue != 0 ? byValue : a.compareTo(b);
    }

    private static TargetColumns numbers(
            Path file, List<String> used, List<List<String>> cells, IntFunction<String> name, Task.Kind kind) {
        List<double[]> rows = new ArrayList<>();
        for (List<String> row : cells) {
            double[] values = new double[used.size()];
            for (int i = 0; i < values.length; i++) {
                String cell = row.get(i);
                values[i] =
                        cell.isEmpty() ? Double.NaN : checked(file, name.apply(rows.size()), used.get(i), cell, kind);
            }
            rows.add(values);
        }
        Task task = kind == Task.Kind.MULTI_LABEL ? new Task.MultiLabel(used) : new Task.Regression(used);
        return new TargetColumns(task, rows);
    }

    private static double checked(Path file, String name, String column, String cell, Task.Kind kind) {
        Double value = number(cell);
        boolean label = kind == Task.Kind.MULTI_LABEL;
        if (value != null && Float.isFinite(value.floatValue()) && (!label || value == 0 || value == 1)) {
            return value;
        }
        throw in(
                file,
                String.format(
                        Locale.ROOT,
                        "'%s' of '%s' must be %s, found '%s'; leave the cell empty if it is unknown",
                        Printable.quote(column),
                        Printable.quote(name),
                        label ? "0 or 1" : "a finite number",
                        Printable.quote(cell)));
    }

    private static LimbeckException in(Path file, String what) {
        return new LimbeckException(file + ": " + what);
    }
}
