package dev.limbeck.table;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Preprocessing;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Prepare rows of a table: numbers are standardized and placed between quantiles, words become ids. It is fitted to training rows
 * once, and travels in the metadata of saved models. Immutable.
 */
public final class TablePreprocessing implements Preprocessing {
    /** The kind of data. */
    public static final String KIND = "table";

    private static final String COLUMNS = "columns";
    private static final int QUANTILES = 32;
    private static final int MOST_WORDS = 10_000;
    private static final Map<Character, String> ESCAPES = Map.of('\\', "\\\\", '\t', "\\t", '\n', "\\n", '\r', "\\r");

    private final List<Column> columns;
    private final int numbers;
    private final int categories;

    private TablePreprocessing(List<Column> columns) {
        this.columns = List.copyOf(columns);
        numbers = columns.stream()
                .mapToInt(column -> column instanceof Column.Numbers own ? own.width() : 0)
                .sum();
        categories = (int)
                columns.stream().filter(Column.Categories.class::isInstance).count();
    }

    /**
     * Fit the preprocessing to training rows. A column is one of words if a cell is no number, or if it is named so.
     *
     * @param header names of the columns
     * @param rows cells in the header's order; an empty text for no value
     * @param categorical columns of words, even if all cells are numbers
     * @param log receives a line for each column that is left out or cut
     * @throws LimbeckException if no column is left
     */
    public static TablePreprocessing fit(
            List<String> header, List<String[]> rows, Set<String> categorical, Consumer<String> log) {
        for (String name : categorical) if (!header.contains(name)) throw Names.unknown("column", name, header);
        List<Column> columns = new ArrayList<>();
        for (int i = 0; i < header.size(); i++) {
            int at = i;
            List<String> cells = rows.stream().map(row -> row[at]).toList();
            String name = header.get(i);
            boolean words = categorical.contains(name)
                    || !cells.stream().allMatch(cell -> cell.isEmpty() || Column.isNumber(cell));
            Set<String> different = new HashSet<>(cells);
            if (different.size() < 2) {
                log.accept("the column '" + name + "' has one value in the training rows and is left out");
            } else if (words && different.size() == rows.size() && rows.size() > 20) {
                log.accept("the column '" + name + "' has another word in each training row and is left out");
            } else {
                columns.add(words ? categories(name, cells, log) : numbers(name, cells));
            }
        }
        if (columns.isEmpty()) {
            throw new LimbeckException(
                    "no column of " + Names.quoted(header) + " differs between training rows; name other columns");
        }
        return new TablePreprocessing(columns);
    }

    private static Column numbers(String name, List<String> cells) {
        double[] values = cells.stream()
                .filter(cell -> !cell.isEmpty())
                .mapToDouble(Double::parseDouble)
                .sorted()
                .toArray();
        double mean = Arrays.stream(values).average().orElse(0);
        double square = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElse(0);
        double[] edges = IntStream.rangeClosed(0, QUANTILES)
                .mapToDouble(k -> values[(int) ((long) k * (values.length - 1) / QUANTILES)])
                .distinct()
                .toArray();
        return new Column.Numbers(name, mean, square > 0 ? Math.sqrt(square) : 1, values.length < cells.size(), edges);
    }

    private static Column categories(String name, List<String> cells, Consumer<String> log) {
        Map<String, Long> counts =
                cells.stream().collect(Collectors.groupingBy(cell -> cell, TreeMap::new, Collectors.counting()));
        List<String> words = counts.entrySet().stream()
                .sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .limit(MOST_WORDS)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
        if (words.size() < counts.size()) {
            log.accept("the column '" + name + "' has " + counts.size() + " words; the " + MOST_WORDS
                    + " most frequent ones are used");
        }
        return new Column.Categories(name, words);
    }

    /** Return whether metadata contains such a preprocessing. */
    public static boolean isIn(Map<String, String> metadata) {
        return metadata.containsKey(COLUMNS);
    }

    /**
     * Read it from metadata.
     *
     * @throws LimbeckException if it is missing or malformed
     */
    public static TablePreprocessing of(Map<String, String> metadata) {
        String text = metadata.get(COLUMNS);
        if (text == null) throw new LimbeckException("the model's metadata has no columns; train it on a table");
        try {
            List<Column> columns = new ArrayList<>();
            for (String line : text.split("\n", -1)) columns.add(Column.read(unescaped(line)));
            return new TablePreprocessing(columns);
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new LimbeckException("the model's metadata on its columns is malformed; export it again", e);
        }
    }

    private static String escaped(String field) {
        StringBuilder text = new StringBuilder();
        for (char c : field.toCharArray()) text.append(ESCAPES.getOrDefault(c, String.valueOf(c)));
        return text.toString();
    }

    private static List<String> unescaped(String line) {
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            char c = line.charAt(i);
            if (c == '\t') {
                fields.add(field.toString());
                field.setLength(0);
            } else if (c == '\\') {
                char next = line.charAt(++i);
                field.append(next == 't' ? '\t' : next == 'n' ? '\n' : next == 'r' ? '\r' : next);
            } else {
                field.append(c);
            }
        }
        fields.add(field.toString());
        return fields;
    }

    /** Return the names of the columns that are used. */
    public List<String> names() {
        return columns.stream().map(Column::name).toList();
    }

    /** Return the number of float32 numbers per row; 0 if no column has numbers. */
    public int numbers() {
        return numbers;
    }

    /** Return the number of ids per row; 0 if no column has words. */
    public int categories() {
        return categories;
    }

    /** Return the number of different ids over all columns. */
    public int ids() {
        return columns.stream()
                .mapToInt(column -> column instanceof Column.Categories categories ? categories.size() : 0)
                .sum();
    }

    /**
     * Hold a row as the network takes it.
     *
     * @param ids of words, different for each column
     */
    public record Encoded(float[] numbers, long[] ids) {}

    /**
     * Prepare a row.
     *
     * @param cells in the order of {@link #names}; an empty text for no value
     * @throws LimbeckException if a cell does not fit its column
     */
    public Encoded encode(String... cells) {
        float[] values = new float[numbers];
        long[] ids = new long[categories];
        int number = 0;
        int category = 0;
        int offset = 0;
        for (int i = 0; i < columns.size(); i++) {
            if (columns.get(i) instanceof Column.Numbers column) {
                column.write(cells[i], values, number);
                number += column.width();
            } else if (columns.get(i) instanceof Column.Categories column) {
                ids[category++] = offset + column.id(cells[i]);
                offset += column.size();
            }
        }
        return new Encoded(values, ids);
    }

    /**
     * Prepare a row by the names of its columns; others are not used.
     *
     * @param row cells as texts or numbers; null or an empty text for no value
     * @throws LimbeckException if a column is missing, or a cell does not fit its column
     */
    public Encoded encode(Map<String, ?> row) {
        List<String> missing =
                names().stream().filter(name -> !row.containsKey(name)).toList();
        if (!missing.isEmpty()) {
            throw new LimbeckException("the row must have the columns " + Names.quoted(names()) + ", found none of "
                    + Names.quoted(missing) + "; add them");
        }
        return encode(names().stream()
                .map(name -> row.get(name) == null
                        ? ""
                        : String.valueOf(row.get(name)).strip())
                .toArray(String[]::new));
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        return Map.of(
                COLUMNS,
                columns.stream()
                        .map(column -> column.fields().stream()
                                .map(TablePreprocessing::escaped)
                                .collect(Collectors.joining("\t")))
                        .collect(Collectors.joining("\n")));
    }

    @Override
    public TablePreprocessing with(Map<String, String> said) {
        return isIn(said) ? of(said) : this;
    }

    @Override
    public String identity() {
        return KIND + " " + toMetadata();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TablePreprocessing table && table.columns.equals(columns);
    }

    @Override
    public int hashCode() {
        return columns.hashCode();
    }
}
