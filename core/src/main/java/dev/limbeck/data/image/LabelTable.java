package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.TargetColumns;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.apache.commons.io.input.BOMInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Read labels of files from a CSV file with a header. The first column names the file, the others are labels or targets;
 * an empty cell is an unknown one.
 *
 * @param file the CSV file
 * @param task the task, given or found from the columns
 * @param rows by name of the file: a class index for single-label classification, else one number per column
 */
record LabelTable(Path file, Task task, Map<String, double[]> rows) {
    private static final long MOST_BYTES = 1L << 30;
    /**
     * Read a file.
     *
     * @param columns columns to use, in this order; empty for all
     * @param kind the task; null to find it: one column of text is a class, several of 0 and 1 are labels, other numbers
     *     are regression targets
     * @throws LimbeckException if the file is unreadable, a column is missing, or a cell does not fit the task
     */
    static LabelTable read(Path file, List<String> columns, Task.@Nullable Kind kind) {
        IoErrors.requireFile(file);
        try {
            if (Files.size(file) > MOST_BYTES)
                throw IoErrors.in(file, "has more than 1 GiB; expected a table of labels");
            return parsed(file, columns, kind);
        } catch (IllegalArgumentException e) {
            // The library's word for a header cell that is empty or occurs twice.
            throw new LimbeckException(
                    file + ": must name each column once in its first line ("
                            + Printable.quote(String.valueOf(e.getMessage()))
                            + "); name the empty or repeated ones, or leave them out",
                    e);
        } catch (UncheckedIOException e) {
            throw damaged(file, e.getCause());
        } catch (IOException e) {
            throw damaged(file, e);
        }
    }

    private static LimbeckException damaged(Path file, IOException e) {
        if (e instanceof MalformedInputException) {
            return new LimbeckException(file + ": is not UTF-8 text; save it as CSV in UTF-8", e);
        }
        return new LimbeckException(
                file + ": is not a CSV file (" + Printable.quote(String.valueOf(e.getMessage()))
                        + "); save it as CSV with a header",
                e);
    }

    private static LabelTable parsed(Path file, List<String> columns, Task.@Nullable Kind given) throws IOException {
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setHeader()
                .setSkipHeaderRecord(true)
                .setTrim(true)
                .setIgnoreEmptyLines(true)
                .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
                .get();
        try (InputStream bytes = BOMInputStream.builder()
                        .setInputStream(Files.newInputStream(file))
                        .get();
                Reader reader = new InputStreamReader(bytes, StandardCharsets.UTF_8.newDecoder());
                CSVParser parser = format.parse(reader)) {
            List<String> header = parser.getHeaderNames();
            if (header.size() < 2) {
                throw IoErrors.in(
                        file,
                        "expected a header with the file and at least one label, separated by commas, found "
                                + (header.isEmpty() ? "none" : "'" + Printable.quote(String.join(",", header)) + "'")
                                + "; save it with commas between the columns");
            }
            List<String> used = columns.isEmpty() ? header.subList(1, header.size()) : columns;
            if (Set.copyOf(used).size() < used.size()) {
                throw new LimbeckException("label_columns must name each column once, found " + Names.quoted(used));
            }
            for (String column : used) {
                if (!header.contains(column) || header.indexOf(column) == 0) {
                    throw Names.unknown("column", column, file.toString(), header.subList(1, header.size()));
                }
            }
            Map<String, List<String>> cells = new LinkedHashMap<>();
            for (CSVRecord row : parser) {
                if (!row.isConsistent()) {
                    throw IoErrors.in(
                            file,
                            "line " + parser.getCurrentLineNumber() + " has " + row.size() + " cells, the header "
                                    + header.size() + "; quote cells with commas");
                }
                String name = row.get(0).replace('\\', '/');
                List<String> own = used.stream().map(row::get).toList();
                List<String> before = cells.putIfAbsent(name, own);
                if (before != null && !before.equals(own)) {
                    throw IoErrors.in(
                            file, "has two rows of '" + Printable.quote(name) + "' with different labels; keep one");
                }
            }
            if (cells.isEmpty()) throw IoErrors.in(file, "has a header and no rows; add a row for each image");
            List<String> names = List.copyOf(cells.keySet());
            TargetColumns targets = TargetColumns.of(file, used, List.copyOf(cells.values()), names::get, given);
            Map<String, double[]> rows = new LinkedHashMap<>();
            for (int i = 0; i < names.size(); i++)
                rows.put(names.get(i), targets.rows().get(i));
            return new LabelTable(file, targets.task(), rows);
        }
    }

    /** Return the names of the rows. */
    List<String> names() {
        return new ArrayList<>(rows.keySet());
    }
}
