package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.TargetColumns;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.io.IoErrors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Read labels of files from a file with a header, see {@link RowTable}. The first column names the file, the others are labels or targets;
 * an empty cell is an unknown one. A column {@code split} that is not chosen as a label has train, valid or test.
 *
 * @param file the file
 * @param task the task, given or found from the columns
 * @param rows by name of the file: a class index for single-label classification, else one number per column
 * @param splits by name of the file; empty without such a column
 */
record LabelTable(Path file, Task task, Map<String, double[]> rows, Map<String, Split> splits) {
    private static final String SPLIT = "split";
    private static final Logger LOG = LoggerFactory.getLogger(LabelTable.class);

    /**
     * Read a file.
     *
     * @param columns columns to use, in this order; empty for all
     * @param kind the task; null to find it: one column of text is a class, several of 0 and 1 are labels, other numbers
     *     are regression targets
     * @throws LimbeckException if the file is unreadable, a column is missing, or a cell does not fit the task
     */
    static LabelTable read(Path file, List<String> columns, Task.@Nullable Kind kind) {
        RowTable table = RowTable.withHeader(file, LOG::warn);
        List<String> header = table.header();
        if (header.size() < 2) {
            throw IoErrors.in(
                    file,
                    "expected a header with the file and at least one label, found "
                            + (header.isEmpty() ? "none" : "'" + Printable.quote(String.join(",", header)) + "'")
                            + "; separate the columns by commas");
        }
        List<String> labels = header.subList(1, header.size());
        boolean splits = labels.contains(SPLIT) && !columns.contains(SPLIT);
        List<String> used = columns.isEmpty()
                ? labels.stream().filter(name -> !splits || !name.equals(SPLIT)).toList()
                : columns;
        if (used.isEmpty()) {
            throw IoErrors.in(file, "has no column of labels beside 'split'; add one");
        }
        if (Set.copyOf(used).size() < used.size()) {
            throw new LimbeckException("label_columns must name each column once, found " + Names.quoted(used));
        }
        for (String column : used) {
            if (!labels.contains(column)) throw Names.unknown("column", column, file.toString(), labels);
        }
        Map<String, List<String>> cells = new LinkedHashMap<>();
        List<String> read = new ArrayList<>(used);
        if (splits) read.add(SPLIT);
        List<String[]> given = table.columns(read);
        int repeated = 0;
        for (int row = 0; row < given.size(); row++) {
            String name = table.rows().get(row)[0].replace('\\', '/');
            if (name.startsWith("./")) name = name.substring(2);
            List<String> own = List.of(given.get(row));
            List<String> before = cells.putIfAbsent(name, own);
            if (before != null && !before.equals(own)) {
                throw IoErrors.in(
                        file, "has two rows of '" + Printable.quote(name) + "' with different labels; keep one");
            }
            if (before != null) repeated++;
        }
        if (repeated > 0) LOG.warn("{} has rows that repeat another, which count once: {}", file, repeated);
        Map<String, Split> split = new HashMap<>();
        if (splits) cells.forEach((name, own) -> split.put(name, split(file, name, own.get(used.size()))));
        cells.replaceAll((name, own) -> own.subList(0, used.size()));
        List<String> names = List.copyOf(cells.keySet());
        TargetColumns targets = TargetColumns.of(file, used, List.copyOf(cells.values()), names::get, kind);
        Map<String, double[]> rows = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++)
            rows.put(names.get(i), targets.rows().get(i));
        return new LabelTable(file, targets.task(), rows, split);
    }

    private static Split split(Path file, String name, String cell) {
        Split split = SplitNames.named(cell);
        if (split != null) return split;
        throw IoErrors.in(
                file,
                "'split' of '" + Printable.quote(name) + "' must be train, valid or test, found '"
                        + Printable.quote(cell) + "'; if it is not a split, rename the column");
    }

    /** Return the class index of a row; −1 for no label. For other tasks, 0 for a row with a known number. */
    int label(double... row) {
        if (task.kind() == Task.Kind.SINGLE_LABEL) return (int) row[0];
        return Arrays.stream(row).allMatch(Double::isNaN) ? -1 : 0;
    }

    /** Return the names of the rows. */
    List<String> names() {
        return new ArrayList<>(rows.keySet());
    }
}
