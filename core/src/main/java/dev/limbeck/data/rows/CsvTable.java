package dev.limbeck.data.rows;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;

/** Hold the cells of CSV and TSV. */
record CsvTable(List<String> header, List<String[]> rows) {
    /** The name of a first column without one, such as a data frame's index; pandas calls it so, too. */
    private static final String UNNAMED = "Unnamed: 0";

    private static final String SEPARATORS = ",;\t|";
    private static final int LONGEST_HEADER = 1 << 20;

    /**
     * Read the first rows. A line without cells is a row of no value where there is one column, and else none.
     *
     * @param tabs whether tabs separate cells; else the header tells
     * @param log receives a line about what is guessed or doubtful
     * @throws LimbeckException if a row does not fit the header
     */
    static CsvTable read(Path file, BufferedReader reader, boolean tabs, Consumer<String> log, int most)
            throws IOException {
        int before = -1;
        String names;
        do {
            reader.mark(LONGEST_HEADER);
            names = String.valueOf(reader.readLine());
            before++;
        } while (names.isEmpty());
        reader.reset();
        char separator = tabs ? '\t' : separator(file, names, log);
        boolean isFirstUnnamed = names.matches(" *(\"\")? *" + Pattern.quote(String.valueOf(separator)) + ".*");
        CSVFormat format = CSVFormat.RFC4180
                .builder()
                .setDelimiter(separator)
                .setHeader()
                .setSkipHeaderRecord(true)
                .setTrim(true)
                .setIgnoreSurroundingSpaces(true)
                .setIgnoreEmptyLines(false)
                .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
                .setAllowMissingColumnNames(isFirstUnnamed)
                .get();
        try (CSVParser parser = format.parse(reader)) {
            List<String> header = new ArrayList<>(parser.getHeaderNames());
            if (isFirstUnnamed) {
                if (header.contains(UNNAMED)) throw new IllegalArgumentException(UNNAMED + " would occur twice");
                header.set(0, UNNAMED);
                log.accept(file + ": the first column has no name; it is called '" + UNNAMED + "'");
            }
            List<String[]> rows = new ArrayList<>();
            for (CSVRecord row : parser) {
                if (header.size() > 1 && row.size() == 1 && row.get(0).isEmpty()) continue;
                if (!row.isConsistent()) {
                    throw IoErrors.in(
                            file,
                            "line " + (before + parser.getCurrentLineNumber()) + " has " + row.size()
                                    + " cells, the header " + header.size() + "; quote cells with separators");
                }
                rows.add(row.values());
                if (rows.size() == most) break;
            }
            if (header.size() == 1) sayEmpty(file, rows, log);
            sayLines(file, rows, log);
            return new CsvTable(List.copyOf(header), rows);
        } catch (IllegalArgumentException e) {
            // The library's word for a header cell that is empty or occurs twice.
            throw new LimbeckException(
                    file + ": must name each column once in its first line ("
                            + Printable.quote(String.valueOf(e.getMessage())
                                    .split("If this is valid", 2)[0]
                                    .strip())
                            + "); name the empty or repeated ones",
                    e);
        }
    }

    private static void sayEmpty(Path file, List<String[]> rows, Consumer<String> log) {
        List<Integer> empty = numbers(rows, row -> row[0].isEmpty());
        if (empty.isEmpty()) return;
        log.accept(file + ": " + empty.size() + " of " + rows.size() + " rows are empty, such as row " + empty.get(0));
    }

    /** Say that cells have line breaks: a quote that begins a cell by mistake swallows the lines up to the next one. */
    private static void sayLines(Path file, List<String[]> rows, Consumer<String> log) {
        List<Integer> found = numbers(rows, row -> Arrays.stream(row).anyMatch(CsvTable::hasLines));
        if (found.isEmpty()) return;
        long cells =
                rows.stream().flatMap(Arrays::stream).filter(CsvTable::hasLines).count();
        log.accept(file + ": " + cells + " cells span several lines, such as one of row " + found.get(0)
                + "; if they should not, write quotes twice, within quotes");
    }

    private static boolean hasLines(String cell) {
        return cell.indexOf('\n') >= 0 || cell.indexOf('\r') >= 0;
    }

    /** Return the numbers of some rows, from 1. */
    private static List<Integer> numbers(List<String[]> rows, Predicate<String[]> wanted) {
        List<Integer> numbers = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) if (wanted.test(rows.get(i))) numbers.add(i + 1);
        return numbers;
    }

    /** Find what separates the cells of the header: the most frequent of comma, semicolon, tab and bar. */
    private static char separator(Path file, String header, Consumer<String> log) {
        char found = ',';
        for (char candidate : SEPARATORS.toCharArray()) {
            if (count(header, candidate) > count(header, found)) found = candidate;
        }
        if (found != ',' && found != '\t') log.accept(file + " separates its cells by '" + found + "'");
        return found;
    }

    private static long count(String text, char what) {
        return text.chars().filter(c -> c == what).count();
    }
}
