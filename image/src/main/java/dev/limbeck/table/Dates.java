package dev.limbeck.table;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Hold a column of dates, or of dates with times, in the form of ISO 8601. A cell becomes its days since 1970 as a number, and ids of its
 * month, its day of the week and, if training had times, its hour. Times with an offset are converted to UTC.
 *
 * @param days the days since 1970, with fractions
 * @param hasTimes whether training cells had times
 */
record Dates(Column.Numbers days, boolean hasTimes) implements Column {
    static final String MARK = "dates";

    private static final Pattern FORM = Pattern.compile(
            "(\\d{4}-\\d{2}-\\d{2})(?:[T ](\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)(Z|[+-]\\d{2}(?::?\\d{2})?)?)?");
    private static final Pattern OTHER_FORM =
            Pattern.compile("\\d{1,2}[./-]\\d{1,2}[./-]\\d{2,4}|\\d{4}[./]\\d{1,2}[./]\\d{1,2}");
    private static final int MONTHS = 12;
    private static final int DAYS = 7;
    private static final int HOURS = 24;
    private static final double SECONDS = 86_400;

    static Dates read(List<String> fields) {
        List<String> numbers = new ArrayList<>(fields.subList(1, fields.size()));
        numbers.set(0, Column.Numbers.MARK);
        return new Dates((Column.Numbers) Column.read(numbers), fields.get(1).equals("1"));
    }

    private static @Nullable LocalDateTime parsed(String cell) {
        Matcher found = FORM.matcher(cell);
        if (!found.matches()) return null;
        try {
            LocalDate date = LocalDate.parse(found.group(1));
            if (found.group(2) == null) return date.atStartOfDay();
            LocalDateTime moment = date.atTime(LocalTime.parse(found.group(2)));
            if (found.group(3) == null) return moment;
            return LocalDateTime.ofInstant(moment.toInstant(ZoneOffset.of(found.group(3))), ZoneOffset.UTC);
        } catch (DateTimeException e) {
            return null;
        }
    }

    /** Return whether a cell is such a date. */
    static boolean isDate(String cell) {
        return parsed(cell) != null;
    }

    /** Return whether a cell looks like a date of another form, where day and month may be either. */
    static boolean isOtherDate(String cell) {
        return OTHER_FORM.matcher(cell).lookingAt();
    }

    /** Return whether a date has a time other than midnight. */
    static boolean hasTime(String cell) {
        return Optional.ofNullable(parsed(cell))
                .filter(date -> !date.toLocalTime().equals(LocalTime.MIDNIGHT))
                .isPresent();
    }

    /** Return the days since 1970; empty for another cell. */
    static OptionalDouble days(String cell) {
        LocalDateTime date = parsed(cell);
        return date == null ? OptionalDouble.empty() : OptionalDouble.of(date.toEpochSecond(ZoneOffset.UTC) / SECONDS);
    }

    @Override
    public String name() {
        return days.name();
    }

    @Override
    public int width() {
        return days.width();
    }

    @Override
    public int idsPerRow() {
        return hasTimes ? 3 : 2;
    }

    /** {@inheritDoc} One of each part stands for no date. */
    @Override
    public int ids() {
        return MONTHS + 1 + DAYS + 1 + (hasTimes ? HOURS + 1 : 0);
    }

    @Override
    public void encode(String cell, Row row) {
        LocalDateTime date = parsed(cell);
        if (cell.isEmpty() && !days.hasEmpty()) {
            throw new LimbeckException("the column '" + Printable.quote(name())
                    + "' must have a date, found an empty cell, and training had none; fill it");
        }
        if (date == null && !cell.isEmpty()) {
            throw new LimbeckException("the column '" + Printable.quote(name()) + "' must have dates such as 2026-01-31"
                    + " or 2026-01-31T18:30, found '" + Printable.quote(cell)
                    + "'; correct the cell, or leave it empty");
        }
        days.encode(date == null ? OptionalDouble.empty() : days(cell), row);
        row.addId(date == null ? 0 : date.getMonthValue(), MONTHS + 1);
        row.addId(date == null ? 0 : date.getDayOfWeek().getValue(), DAYS + 1);
        if (hasTimes) row.addId(date == null ? 0 : date.getHour() + 1, HOURS + 1);
    }

    @Override
    public List<String> fields() {
        List<String> fields = new ArrayList<>(days.fields());
        fields.set(0, hasTimes ? "1" : "0");
        fields.add(0, MARK);
        return fields;
    }
}
