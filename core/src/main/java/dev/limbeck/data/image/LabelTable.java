package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.TargetColumns;
import dev.limbeck.data.rows.RowTable;
import dev.limbeck.io.IoErrors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Read labels of files from a file with a header, see {@link RowTable}. The first column names the file, the others are labels or targets;
 * an empty cell is an unknown one.
 *
 * @param file the file
 * @param task the task, given or found from the columns
 * @param rows by name of the file: a class index for single-label classification, else one number per column
 */
record LabelTable(Path file, Task task, Map<String, double[]> rows) {
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
        List<String> used = columns.isEmpty() ? labels : columns;
        if (Set.copyOf(used).size() < used.size()) {
            throw new LimbeckException("label_columns must name each column once, found " + Names.quoted(used));
        }
        for (String column : used) {
            if (!labels.contains(column)) throw Names.unknown("column", column, file.toString(), labels);
        }
        Map<String, List<String>> cells = new LinkedHashMap<>();
        List<String[]> given = table.columns(used);
        for (int row = 0; row < given.size(); row++) {
            String name = table.rows().get(row)[0].replace('\\', '/');
            List<String> own = List.of(given.get(row));
            List<String> before = cells.putIfAbsent(name, own);
            if (before != null && !before.equals(own)) {
                throw IoErrors.in(
                        file, "has two rows of '" + Printable.quote(name) + "' with different labels; keep one");
            }
        }
        List<String> names = List.copyOf(cells.keySet());
        TargetColumns targets = TargetColumns.of(file, used, List.copyOf(cells.values()), names::get, kind);
        Map<String, double[]> rows = new LinkedHashMap<>();
        for (int i = 0; i < names.size(); i++)
            rows.put(names.get(i), targets.rows().get(i));
        return new LabelTable(file, targets.task(), rows);
    }

    /** Return the names of the rows. */
    List<String> names() {
        return new ArrayList<>(rows.keySet());
    }
}
