package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.Task;
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
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
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
    /** Java also reads hexadecimal numbers and suffixes such as 1d. */
    private static final Pattern DECIMAL = Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

    private static final Pattern NOT_FINITE = Pattern.compile("(?i)[-+]?(nan|inf(inity)?)");

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
            Task.Kind kind = given == null ? found(file, used, cells) : given;
            return kind == Task.Kind.SINGLE_LABEL ? classes(file, used, cells) : numbers(file, used, cells, kind);
        }
    }

    /** Find the task from the columns. */
    private static Task.Kind found(Path file, List<String> used, Map<String, List<String>> cells) {
        boolean numbers = true;
        boolean whole = true;
        boolean binary = true;
        for (List<String> row : cells.values()) {
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
            throw IoErrors.in(
                    file,
                    "has " + used.size() + " columns of labels, and not all are numbers; choose columns (label_columns,"
                            + " --label-columns), one of text for classes");
        }
        if (used.size() > 1 && binary) return Task.Kind.MULTI_LABEL;
        if (used.size() == 1 && whole) {
            throw IoErrors.in(
                    file,
                    "has whole numbers in '" + Printable.quote(used.get(0))
                            + "', which may be classes or quantities; set the task (task, --task): single-label or"
                            + " regression");
        }
        return Task.Kind.REGRESSION;
    }

    private static @Nullable Double number(String cell) {
        if (NOT_FINITE.matcher(cell).matches()) return Double.NaN;
        return DECIMAL.matcher(cell).matches() ? Double.valueOf(cell) : null;
    }

    private static LabelTable classes(Path file, List<String> used, Map<String, List<String>> cells) {
        if (used.size() != 1) {
            throw IoErrors.in(
                    file,
                    "has " + used.size() + " columns of labels, " + Names.quoted(used)
                            + "; choose the one with the class (label_columns, --label-columns)");
        }
        TreeSet<String> known = new TreeSet<>(LabelTable::inOrder);
        cells.values().stream()
                .map(row -> row.get(0))
                .filter(cell -> !cell.isEmpty())
                .forEach(known::add);
        List<String> names = List.copyOf(known);
        Map<String, double[]> rows = new LinkedHashMap<>();
        cells.forEach((name, row) ->
                rows.put(name, new double[] {row.get(0).isEmpty() ? -1 : names.indexOf(row.get(0))}));
        return new LabelTable(file, new Task.SingleLabel(names), rows);
    }

    /** Order whole numbers by value, and other names as text. */
    private static int inOrder(String a, String b) {
        Double first = number(a);
        Double second = number(b);
        int byValue = first == null || second == null ? 0 : Double.compare(first, second);
        return byValue != 0 ? byValue : a.compareTo(b);
    }

    private static LabelTable numbers(Path file, List<String> used, Map<String, List<String>> cells, Task.Kind kind) {
        Map<String, double[]> rows = new LinkedHashMap<>();
        cells.forEach((name, row) -> {
            double[] values = new double[used.size()];
            for (int i = 0; i < values.length; i++) {
                String cell = row.get(i);
                values[i] = cell.isEmpty() ? Double.NaN : checked(file, name, used.get(i), cell, kind);
            }
            rows.put(name, values);
        });
        Task task = kind == Task.Kind.MULTI_LABEL ? new Task.MultiLabel(used) : new Task.Regression(used);
        return new LabelTable(file, task, rows);
    }

    private static double checked(Path file, String name, String column, String cell, Task.Kind kind) {
        Double value = number(cell);
        boolean label = kind == Task.Kind.MULTI_LABEL;
        if (value != null && Float.isFinite(value.floatValue()) && (!label || value == 0 || value == 1)) {
            return value;
        }
        throw IoErrors.in(
                file,
                String.format(
                        Locale.ROOT,
                        "'%s' of '%s' must be %s, found '%s'; leave the cell empty if it is unknown",
                        Printable.quote(column),
                        Printable.quote(name),
                        label ? "0 or 1" : "a finite number",
                        Printable.quote(cell)));
    }

    /** Return the names of the rows. */
    List<String> names() {
        return new ArrayList<>(rows.keySet());
    }
}
