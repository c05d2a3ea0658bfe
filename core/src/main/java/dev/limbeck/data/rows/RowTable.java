package dev.limbeck.data.rows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.Names;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.zip.GZIPInputStream;
import org.apache.commons.io.IOUtils;
import org.apache.commons.io.input.BOMInputStream;
import org.apache.commons.io.input.BoundedInputStream;
import org.jspecify.annotations.Nullable;

/**
 * Hold the cells of a file: CSV or TSV with a header, JSON objects line by line, or plain text line by line, each also compressed by
 * gzip; or what a {@link TableReader} reads. An empty text stands for no value.
 *
 * @param rows cells in the header's order
 */
public record RowTable(Path file, List<String> header, List<String[]> rows) {
    /** The only column of a file of plain text. */
    public static final String TEXT = "text";

    private static final String TXT = "txt";
    private static final Set<String> JSON_LINES = Set.of("jsonl", "ndjson");
    private static final Set<String> ENDINGS = Set.of("csv", "tsv", "jsonl", "ndjson", "txt");
    private static final long ALWAYS_ALLOWED = 1 << 20;
    private static final double SMALL = 1e-4;
    private static final double LARGE = 1e16;
    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY);

    /** Return whether a path is named like such a file. */
    public static boolean isNamedSo(Path file) {
        return ENDINGS.contains(ending(file)) || TableReaders.know(ending(file));
    }

    /** Return whether a path is named like CSV, TSV or JSON lines. */
    public static boolean hasHeader(Path file) {
        return ENDINGS.contains(ending(file)) && !TXT.equals(ending(file));
    }

    private static String ending(Path file) {
        String name =
                String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).replaceFirst("\\.gz$", "");
        return name.substring(name.lastIndexOf('.') + 1);
    }

    /**
     * Read a file.
     *
     * @param missing cells that mean no value, besides empty ones
     * @param log receives a line about what is guessed
     * @throws LimbeckException if it is unreadable, not UTF-8, or a row does not fit the header; the message names the line
     */
    public static RowTable read(Path file, Set<String> missing, Consumer<String> log) {
        String ending = ending(file);
        if (TXT.equals(ending)) return read(file, missing, (named, reader) -> lines(named, reader, log));
        Optional<TableReader> other = TableReaders.of(ending, file);
        if (other.isEmpty()) return table(file, missing, log);
        IoErrors.requireFile(file);
        return other.get().read(file, log).without(file, missing);
    }

    /**
     * Read a file whose first line names the columns, whatever its ending, or JSON lines.
     *
     * @param log receives a line about what is guessed
     * @throws LimbeckException as {@link #read} does
     */
    public static RowTable withHeader(Path file, Consumer<String> log) {
        return table(file, Set.of(), log);
    }

    /**
     * Read the first rows of such a file only, to see what it holds.
     *
     * @throws LimbeckException as {@link #read} does
     */
    public static RowTable head(Path file, int most) {
        return table(file, Set.of(), line -> {}, most);
    }

    private static RowTable table(Path file, Set<String> missing, Consumer<String> log) {
        return table(file, missing, log, Integer.MAX_VALUE);
    }

    private static RowTable table(Path file, Set<String> missing, Consumer<String> log, int most) {
        boolean isJson = JSON_LINES.contains(ending(file));
        return read(
                file, missing, (named, reader) -> isJson ? json(named, reader, most) : csv(named, reader, log, most));
    }

    private static RowTable csv(Path file, BufferedReader reader, Consumer<String> log, int most) throws IOException {
        CsvTable cells = CsvTable.read(file, reader, "tsv".equals(ending(file)), log, most);
        return new RowTable(file, cells.header(), cells.rows());
    }

    private static RowTable read(Path file, Set<String> missing, Format format) {
        IoErrors.requireFile(file);
        try (BufferedReader reader = reader(file)) {
            return format.read(file, reader).without(file, missing);
        } catch (UncheckedIOException e) {
            throw damaged(file, e.getCause());
        } catch (IOException e) {
            throw damaged(file, e);
        }
    }

    /** Empty the cells that mean no value. */
    private RowTable without(Path named, Set<String> missing) {
        if (rows.isEmpty()) throw IoErrors.in(named, "has no rows; expected a header and rows");
        for (String[] row : rows) {
            for (int i = 0; i < row.length; i++) if (missing.contains(row[i])) row[i] = "";
        }
        return this;
    }

    private interface Format {
        RowTable read(Path file, BufferedReader reader) throws IOException;
    }

    private static RowTable lines(Path file, BufferedReader reader, Consumer<String> log) {
        List<String> lines = reader.lines().map(String::strip).toList();
        List<String[]> rows = lines.stream()
                .filter(line -> !line.isEmpty())
                .map(line -> new String[] {line})
                .toList();
        if (rows.isEmpty()) throw IoErrors.in(file, "has no texts; expected one a line");
        int empty = lines.size() - rows.size();
        if (lines.size() > 1) {
            log.accept(file + ": each line is a text, " + rows.size() + " in all"
                    + (empty == 0 ? "" : "; empty lines are left out: " + empty));
        }
        return new RowTable(file, List.of(TEXT), rows);
    }

    /** Read a whole file as one text. */
    static String wholeText(Path file, long mostBytes) throws IOException {
        IoErrors.requireFile(file);
        if (Files.size(file) > mostBytes) {
            throw IoErrors.in(
                    file,
                    "must have at most " + (mostBytes >> 20) + " MB as one text, found " + (Files.size(file) >> 20)
                            + " MB; put its texts into files of their own");
        }
        try (BufferedReader reader = reader(file)) {
            return IOUtils.toString(reader).strip();
        } catch (CharacterCodingException e) {
            throw damaged(file, e);
        }
    }

    private static BufferedReader reader(Path file) throws IOException {
        InputStream bytes = Files.newInputStream(file);
        try {
            return reader(file, bytes);
        } catch (IOException e) {
            bytes.close();
            throw e;
        }
    }

    private static BufferedReader reader(Path file, InputStream raw) throws IOException {
        InputStream bytes = raw;
        if (String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).endsWith(".gz")) {
            long growth = Limit.TABLE_GROWTH.value();
            long most = Files.size(file) * growth + ALWAYS_ALLOWED;
            bytes = BoundedInputStream.builder()
                    .setInputStream(new GZIPInputStream(bytes))
                    .setMaxCount(most)
                    .setOnMaxCount((limit, count) -> {
                        throw IoErrors.in(
                                file,
                                "unpacks to more than " + growth + " times its size; unpack it first, or "
                                        + Limit.TABLE_GROWTH.advice());
                    })
                    .get();
        }
        BOMInputStream text = BOMInputStream.builder().setInputStream(bytes).get();
        return new BufferedReader(new InputStreamReader(text, StandardCharsets.UTF_8.newDecoder()));
    }

    private static LimbeckException damaged(Path file, IOException e) {
        if (e instanceof CharacterCodingException) {
            return new LimbeckException(file + ": is not UTF-8 text; save it in UTF-8", e);
        }
        String reason = String.valueOf(e.getMessage());
        // The library's word for cells in quotes.
        String advice = reason.contains("encapsulated token")
                ? "end each cell that begins with a quote by one, and write quotes in it twice"
                : "expected CSV with a header, TSV, JSON lines, or text lines";
        return new LimbeckException(file + ": cannot be read as rows (" + Printable.quote(reason) + "); " + advice, e);
    }

    private static RowTable json(Path file, BufferedReader reader, int most) throws IOException {
        List<ObjectNode> objects = new ArrayList<>();
        Set<String> header = new LinkedHashSet<>();
        int number = 0;
        for (String line = reader.readLine(); line != null && objects.size() < most; line = reader.readLine()) {
            number++;
            if (line.isBlank()) continue;
            try {
                if (!(JSON.readTree(line) instanceof ObjectNode object)) {
                    throw IoErrors.in(file, "line " + number + " must be a JSON object, found something else");
                }
                for (Map.Entry<String, JsonNode> entry : object.properties()) {
                    if (!entry.getValue().isContainerNode()) continue;
                    throw IoErrors.in(
                            file,
                            "line " + number + " must have texts and numbers, found a list or an object for '"
                                    + Printable.quote(entry.getKey()) + "'; flatten it");
                }
                objects.add(object);
                object.fieldNames().forEachRemaining(header::add);
            } catch (JsonProcessingException e) {
                String reason = e.getOriginalMessage().split("\\(", 2)[0].strip();
                throw new LimbeckException(
                        file + ": line " + number
                                + " must be one JSON object with different keys ("
                                + Printable.quote(reason) + ")",
                        e);
            }
        }
        List<String> names = List.copyOf(header);
        return new RowTable(
                file,
                names,
                objects.stream()
                        .map(object -> names.stream()
                                .map(name -> cell(object.path(name)))
                                .toArray(String[]::new))
                        .toList());
    }

    private static String cell(JsonNode value) {
        return value.isMissingNode() || value.isNull() ? "" : value.asText().strip();
    }

    /**
     * Return the cells of some columns.
     *
     * @throws LimbeckException if there is no such column: the nearest names
     */
    public List<String[]> columns(List<String> names) {
        int[] at = names.stream().mapToInt(this::index).toArray();
        return rows.stream()
                .map(row -> Arrays.stream(at).mapToObj(i -> row[i]).toArray(String[]::new))
                .toList();
    }

    /** Return the cells of some columns; null where there is no such column. */
    List<@Nullable String[]> known(List<String> names) {
        int[] at = names.stream().mapToInt(header::indexOf).toArray();
        return rows.stream()
                .map(row ->
                        Arrays.stream(at).mapToObj(i -> i < 0 ? null : row[i]).toArray(String[]::new))
                .toList();
    }

    /**
     * Write a number of a column of floats as a cell: NaN is no value, as it is in data frames; others have no exponent from 1e-4 to 1e16,
     * as in Python and in DuckDB's own CSV.
     *
     * @param shortest as {@link Float#toString} or {@link Double#toString} gives it
     */
    public static String number(double value, String shortest) {
        if (Double.isNaN(value)) return "";
        double size = Math.abs(value);
        if (Double.isInfinite(value) || size != 0 && (size < SMALL || size >= LARGE)) return shortest;
        String plain = new BigDecimal(shortest).toPlainString();
        return plain.contains(".") ? plain : plain + ".0";
    }

    /** Return a table of plain text with its column named as a model's or other rows'; others as they are. */
    RowTable withTextIn(String column) {
        return TXT.equals(ending(file)) ? new RowTable(file, List.of(column), rows) : this;
    }

    private int index(String name) {
        int found = header.indexOf(name);
        if (found < 0) throw Names.unknown("column", name, file.toString(), header);
        return found;
    }
}
