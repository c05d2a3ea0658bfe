package dev.limbeck.table;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Preprocessing;
import dev.limbeck.Printable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Prepare rows of a table: numbers are standardized and placed between quantiles, words become ids, dates both. It is fitted to training
 * rows once, and travels in the metadata of saved models. Immutable.
 */
public final class TablePreprocessing implements Preprocessing {
    /** The kind of data. */
    public static final String KIND = "table";

    private static final String COLUMNS = "columns";
    private static final String MISSING = "missing";
    private static final int QUANTILES = 32;
    private static final int MOST_WORDS = 10_000;

    private static final Map<Character, String> ESCAPES = Map.of('\\', "\\\\", '\t', "\\t", '\n', "\\n", '\r', "\\r");

    private final List<Column> columns;
    private final Set<String> missing;
    private final int numbers;
    private final int categories;

    private TablePreprocessing(List<Column> columns, Set<String> missing) {
        this.columns = List.copyOf(columns);
        this.missing = Set.copyOf(missing);
        numbers = columns.stream().mapToInt(Column::width).sum();
        categories = columns.stream().mapToInt(Column::idsPerRow).sum();
    }

    /**
     * Fit the preprocessing to training rows. A column has numbers or dates if all cells with a value do, and else words.
     *
     * @param header names of the columns
     * @param rows cells in the header's order; an empty text for no value
     * @param categorical columns of words, even if all cells are numbers or dates
     * @param missing cells that mean no value, besides empty ones
     * @param log receives a line for each column that is left out, cut or of dates
     * @throws LimbeckException if no column is left, or most cells of a column are numbers or dates and some are not
     */
    public static TablePreprocessing fit(
            List<String> header,
            List<String[]> rows,
            Set<String> categorical,
            Set<String> missing,
            Consumer<String> log) {
        return fit(header, rows, List.of(), categorical, missing, log);
    }

    /**
     * Fit the preprocessing to training rows, so that it takes empty cells of numbers and dates wherever the data have them.
     *
     * @param others rows that are not for training; only where their cells are empty matters
     * @throws LimbeckException as the other method does
     */
    public static TablePreprocessing fit(
            List<String> header,
            List<String[]> rows,
            List<@Nullable String[]> others,
            Set<String> categorical,
            Set<String> missing,
            Consumer<String> log) {
        if (header.isEmpty()) throw new LimbeckException("no column is left as an input; ignore fewer columns");
        for (String name : categorical) if (!header.contains(name)) throw Names.unknown("column", name, header);
        List<Column> columns = new ArrayList<>();
        for (int i = 0; i < header.size(); i++) {
            int at = i;
            List<String> cells = rows.stream()
                    .map(row -> missing.contains(row[at]) ? "" : row[at])
                    .toList();
            String name = header.get(i);
            boolean named = categorical.contains(name);
            boolean dates = !named && CellChecks.has(name, cells, Dates::isDate, "dates");
            boolean words = named || !dates && !CellChecks.has(name, cells, Column::isNumber, "finite numbers");
            if (words && !named) CellChecks.sayOtherForm(name, cells, log);
            if (!words && !dates) CellChecks.sayLarge(name, cells, log);
            Set<String> different = new HashSet<>(cells);
            if (different.size() < 2) {
                log.accept("the column '" + name + "' has one value in the training rows and is left out");
            } else if (words && different.size() == rows.size() && rows.size() > 20) {
                log.accept("the column '" + name + "' has another word in each training row and is left out");
            } else if (words) {
                columns.add(categories(name, cells, log));
            } else {
                boolean hadEmpty = different.contains("");
                if (numbers(name, dates, Column.Empty.REFUSED, cells).isConstant()) {
                    log.accept("the column '" + name + "' has one value in the training rows and "
                            + (hadEmpty ? "empty cells; only whether a cell is empty is used" : "is left out"));
                    if (!hadEmpty) continue;
                }
                Column.Empty empty = hadEmpty
                        ? Column.Empty.SAID
                        : CellChecks.haveEmpty(name, others, at, missing, log)
                                ? Column.Empty.MEAN
                                : Column.Empty.REFUSED;
                Column.Numbers numbers = numbers(name, dates, empty, cells);
                columns.add(dates ? dates(numbers, cells, log) : numbers);
            }
        }
        if (columns.isEmpty()) {
            throw new LimbeckException(
                    "no column of " + Names.quoted(header) + " differs between training rows; name other columns");
        }
        return new TablePreprocessing(columns, missing);
    }

    private static Column.Numbers numbers(String name, boolean dates, Column.Empty empty, List<String> cells) {
        DoubleStream filled = dates
                ? cells.stream().map(Dates::days).flatMapToDouble(OptionalDouble::stream)
                : cells.stream().filter(cell -> !cell.isEmpty()).mapToDouble(Double::parseDouble);
        // Adding 0 makes -0.0 and 0.0 one value; as two, they would be two edges without a distance.
        double[] values = filled.map(value -> value + 0.0).sorted().toArray();
        // The mean of equal numbers may be rounded, and would then have a deviation.
        if (values[0] == values[values.length - 1]) return Column.Numbers.constant(name, values[0], empty);
        double mean = Arrays.stream(values).average().orElse(0);
        double square = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .average()
                .orElse(0);
        double[] edges = IntStream.rangeClosed(0, QUANTILES)
                .mapToDouble(k -> values[(int) ((long) k * (values.length - 1) / QUANTILES)])
                .distinct()
                .toArray();
        return new Column.Numbers(name, mean, square > 0 ? Math.sqrt(square) : 1, empty, edges);
    }

    private static Column dates(Column.Numbers days, List<String> cells, Consumer<String> log) {
        boolean hasTimes = cells.stream().anyMatch(Dates::hasTime);
        log.accept("the column '" + days.name() + "' has dates: days, month, day of the week"
                + (hasTimes ? ", hour" : ""));
        return new Dates(days, hasTimes, Dates.partsOf(cells));
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
            String without = metadata.get(MISSING);
            return new TablePreprocessing(columns, without == null ? Set.of() : Set.copyOf(unescaped(without)));
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

    /** Return the number of ids per row; 0 if no column has words or dates. */
    public int categories() {
        return categories;
    }

    /** Return the number of different ids over all columns. */
    public int ids() {
        return columns.stream().mapToInt(Column::ids).sum();
    }

    /** Return the names of the columns of numbers. */
    public List<String> numeric() {
        return names(Column.Numbers.class);
    }

    /** Return the names of the columns of words. */
    public List<String> words() {
        return names(Column.Categories.class);
    }

    /** Return the cells that mean no value, besides empty ones. */
    public Set<String> missing() {
        return missing;
    }

    private List<String> names(Class<? extends Column> kind) {
        return columns.stream().filter(kind::isInstance).map(Column::name).toList();
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
        Column.Row row = new Column.Row(numbers, categories);
        for (int i = 0; i < columns.size(); i++) {
            columns.get(i).encode(missing.contains(cells[i]) ? "" : cells[i], row);
        }
        return new Encoded(row.numbers, row.ids);
    }

    /**
     * Prepare a row by the names of its columns; others are not used.
     *
     * @param row see {@link #cells}
     * @throws LimbeckException if a column is missing, or a cell does not fit its column
     */
    public Encoded encode(Map<String, ?> row) {
        return encode(cells(row));
    }

    /**
     * Return the cells of a row in the order of {@link #names}. A number or truth value among words is written as training had it, if it
     * did: a JSON reader may turn {@code 94110} into 94110.0.
     *
     * @param row cells as texts, numbers or truth values; null or an empty text for no value
     * @throws LimbeckException if a column is missing
     */
    public String[] cells(Map<String, ?> row) {
        List<String> missing =
                names().stream().filter(name -> !row.containsKey(name)).toList();
        if (!missing.isEmpty()) {
            throw new LimbeckException("the row must have the columns " + Names.quoted(names()) + ", found none of "
                    + Names.quoted(missing) + "; add them");
        }
        return columns.stream()
                .map(column -> cell(column, row.get(column.name())))
                .toArray(String[]::new);
    }

    private String cell(Column column, @Nullable Object value) {
        if (value == null) return "";
        List<String> forms = CellChecks.forms(value);
        return forms.stream()
                .filter(form -> missing.contains(form) || column instanceof Column.Categories words && words.has(form))
                .findFirst()
                .orElse(forms.get(0));
    }

    /**
     * Say for each column of words which cells it has no word of: training did not have them, or too rarely. Say the same of parts of dates.
     *
     * @param rows cells in the order of {@link #names}; an empty text for no value
     */
    public List<String> unknown(List<String[]> rows) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < columns.size(); i++) {
            int at = i;
            List<String> cells = rows.stream()
                    .map(row -> missing.contains(row[at]) ? "" : row[at])
                    .toList();
            if (columns.get(i) instanceof Dates dates) lines.addAll(dates.unknown(cells));
            if (!(columns.get(i) instanceof Column.Categories words)) continue;
            List<String> unknown =
                    cells.stream().filter(cell -> !words.has(cell)).toList();
            if (unknown.isEmpty()) continue;
            lines.add("the column '" + Printable.quote(words.name()) + "' has " + unknown.size() + " of " + rows.size()
                    + " cells that "
                    + (words.words().size() < MOST_WORDS
                            ? "training did not have"
                            : "are not among the " + MOST_WORDS + " most frequent words of training")
                    + ", such as '" + Printable.quote(unknown.get(0)) + "'; they count as one unknown word");
        }
        return lines;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public Map<String, String> toMetadata() {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(
                COLUMNS, columns.stream().map(column -> line(column.fields())).collect(Collectors.joining("\n")));
        if (!missing.isEmpty())
            metadata.put(MISSING, line(missing.stream().sorted().toList()));
        return metadata;
    }

    private static String line(List<String> fields) {
        return fields.stream().map(TablePreprocessing::escaped).collect(Collectors.joining("\t"));
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
    public String describe() {
        List<String> dates = names(Dates.class);
        return "a table: numbers " + listed(numeric()) + "; words " + listed(words())
                + (dates.isEmpty() ? "" : "; dates " + listed(dates));
    }

    private static String listed(List<String> names) {
        return names.isEmpty() ? "none" : names.stream().map(Printable::quote).collect(Collectors.joining(", "));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof TablePreprocessing table
                && table.columns.equals(columns)
                && table.missing.equals(missing);
    }

    @Override
    public int hashCode() {
        return columns.hashCode();
    }
}
