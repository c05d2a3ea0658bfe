package dev.limbeck.table;

import dev.limbeck.Decimals;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Find out what the cells of a column are, and say what is doubtful about them. */
final class CellChecks {
    /** Whole numbers of fewer digits are exact. */
    private static final int DIGITS_OF_DOUBLE = 16;

    private CellChecks() {}

    /** Say that a column of words looks like dates or numbers of another form. */
    static void sayOtherForm(String name, List<String> cells, Consumer<String> log) {
        List<String> filled = cells.stream().filter(cell -> !cell.isEmpty()).toList();
        if (filled.isEmpty()) return;
        boolean dates = filled.stream().allMatch(Dates::isOtherDate);
        if (!dates && !filled.stream().allMatch(cell -> Decimals.isIn(cell) || Decimals.isWithComma(cell))) return;
        log.accept("the column '" + name + "' is read as words; "
                + (dates ? "dates must be written as 2026-01-31" : "numbers must be written as 1234.5") + ", found '"
                + filled.get(0) + "'");
    }

    /** Say that different whole numbers, such as ids of 64 bits, become the same floating-point number. */
    static void sayLarge(String name, List<String> cells, Consumer<String> log) {
        Map<Double, String> known = new HashMap<>();
        for (String cell : cells) {
            if (cell.length() < DIGITS_OF_DOUBLE || !cell.chars().allMatch(Character::isDigit)) continue;
            String other = known.putIfAbsent(Double.valueOf(cell), cell);
            if (other == null || other.equals(cell)) continue;
            log.accept("the column '" + name + "' has whole numbers that are equal as float64, such as " + other
                    + " and " + cell + "; name it in --categorical or --ignore-columns");
            return;
        }
    }

    static boolean has(String name, List<String> cells, Predicate<String> kind, String words) {
        List<String> filled = cells.stream().filter(cell -> !cell.isEmpty()).toList();
        List<String> others = filled.stream().filter(cell -> !kind.test(cell)).toList();
        if (!others.isEmpty() && others.size() < filled.size() - others.size()) {
            throw new LimbeckException("the column '" + Printable.quote(name) + "' has " + others.size() + " cells of "
                    + filled.size() + " that are no " + words + ", such as '" + Printable.quote(others.get(0))
                    + "'; name cells without a value (missing, --missing), or the column as words (categorical, "
                    + "--categorical)");
        }
        return others.isEmpty() && !filled.isEmpty();
    }

    /** Return whether other rows than those of training have empty cells, and say so. */
    static boolean haveEmpty(
            String name, List<@Nullable String[]> others, int at, Set<String> missing, Consumer<String> log) {
        long empty = others.stream()
                .map(row -> row[at])
                .filter(cell -> cell != null && (cell.isEmpty() || missing.contains(cell)))
                .count();
        if (empty == 0) return false;
        log.accept("the column '" + name + "' has empty cells outside of the training rows only: " + empty
                + "; training says nothing about them, and they count as the mean");
        return true;
    }

    /** Return the texts that a file may have for a value, as Java writes it first. */
    static List<String> forms(Object value) {
        String text = String.valueOf(value).strip();
        if (value instanceof Boolean) {
            String upper = text.toUpperCase(Locale.ROOT);
            return List.of(text, upper.charAt(0) + text.substring(1), upper);
        }
        if (!(value instanceof Number number) || !Double.isFinite(number.doubleValue()) || !Decimals.isIn(text)) {
            return List.of(text);
        }
        BigDecimal exact = new BigDecimal(text).stripTrailingZeros();
        if (exact.scale() > 0) return List.of(text);
        String whole = exact.toPlainString();
        return List.of(text, whole, whole + ".0");
    }
}
