package dev.limbeck.table;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Hold a column of dates, or of dates with times, in the form of ISO 8601. A cell becomes its days since 1970 as a number, and ids of its
 * month, its day of the week and, if training had times, its hour. Times with an offset are converted to UTC.
 *
 * @param days the days since 1970, with fractions
 * @param hasTimes whether training cells had times
 * @param known the months, days of the week and hours that training cells had; empty if a file of an earlier version does not say
 */
record Dates(Column.Numbers days, boolean hasTimes, List<Set<Integer>> known) implements Column {
    static final String MARK = "dates";

    private static final Pattern FORM = Pattern.compile(
            "(\\d{4}-\\d{2}-\\d{2})(?:[T ](\\d{2}:\\d{2}(?::\\d{2}(?:\\.\\d{1,9})?)?)(Z|[+-]\\d{2}(?::?\\d{2})?)?)?");
    private static final Pattern OTHER_FORM =
            Pattern.compile("\\d{1,2}[./-]\\d{1,2}[./-]\\d{2,4}|\\d{4}[./]\\d{1,2}[./]\\d{1,2}");
    private static final Map<String, ToIntFunction<LocalDateTime>> PARTS = parts();
    private static final int MONTHS = 12;
    private static final int DAYS = 7;
    private static final int HOURS = 24;
    private static final double SECONDS = 86_400;

    private static Map<String, ToIntFunction<LocalDateTime>> parts() {
        Map<String, ToIntFunction<LocalDateTime>> parts = new LinkedHashMap<>();
        parts.put("a month", LocalDateTime::getMonthValue);
        parts.put("a day of the week", date -> date.getDayOfWeek().getValue());
        parts.put("an hour", date -> date.getHour() + 1);
        return parts;
    }

    static Dates read(List<String> fields) {
        List<String> numbers = new ArrayList<>(fields.subList(1, fields.size()));
        numbers.set(0, Column.Numbers.MARK);
        String[] said = fields.get(1).split(" ", -1);
        List<Set<Integer>> known = Arrays.stream(said, 1, said.length)
                .map(part ->
                        Arrays.stream(part.split(",")).map(Integer::valueOf).collect(Collectors.toUnmodifiableSet()))
                .toList();
        if (!known.isEmpty() && known.size() != PARTS.size()) throw new IllegalArgumentException(fields.get(1));
        return new Dates((Column.Numbers) Column.read(numbers), said[0].equals("1"), known);
    }

    /** Return the parts of dates that cells have. */
    static List<Set<Integer>> partsOf(List<String> cells) {
        List<LocalDateTime> dates = cells.stream()
                .map(Dates::parsed)
                .filter(Objects::nonNull)
                .map(LocalDateTime.class::cast)
                .toList();
        return PARTS.values().stream()
                .map(part -> dates.stream().map(part::applyAsInt).collect(Collectors.toUnmodifiableSet()))
                .toList();
    }

    /** Say which parts cells have that training did not: nothing was learned of their ids. */
    List<String> unknown(List<String> cells) {
        List<String> lines = new ArrayList<>();
        int part = 0;
        for (var named : PARTS.entrySet()) {
            if (part == Math.min(known.size(), idsPerRow())) break;
            Set<Integer> had = known.get(part++);
            List<String> others = cells.stream()
                    .filter(cell -> {
                        LocalDateTime date = parsed(cell);
                        return date != null && !had.contains(named.getValue().applyAsInt(date));
                    })
                    .toList();
            if (others.isEmpty()) continue;
            lines.add("the column '" + Printable.quote(name()) + "' has " + others.size() + " of " + cells.size()
                    + " cells with " + named.getKey() + " that training did not have, such as '"
                    + Printable.quote(others.get(0)) + "'; the model has learned nothing about it");
        }
        return lines;
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
        if (cell.isEmpty() && days.empty() == Empty.REFUSED) {
            throw new LimbeckException("the column '" + Printable.quote(name())
                    + "' must have a date, found an empty cell, and training had none; fill it");
        }
        if (date == null && !cell.isEmpty()) {
            throw new LimbeckException("the column '" + Printable.quote(name()) + "' must have dates such as 2026-01-31"
                    + " or 2026-01-31T18:30, found '" + Printable.quote(cell)
                    + "'; correct the cell, or leave it empty");
        }
        if (date == null && days.empty() == Empty.MEAN) {
            date = LocalDateTime.ofEpochSecond(Math.round(days.mean() * SECONDS), 0, ZoneOffset.UTC);
        }
        days.encode(cell.isEmpty() ? OptionalDouble.empty() : days(cell), row);
        row.addId(date == null ? 0 : date.getMonthValue(), MONTHS + 1);
        row.addId(date == null ? 0 : date.getDayOfWeek().getValue(), DAYS + 1);
        if (hasTimes) row.addId(date == null ? 0 : date.getHour() + 1, HOURS + 1);
    }

    @Override
    public List<String> fields() {
        List<String> fields = new ArrayList<>(days.fields());
        String said = known.stream()
                .map(part -> " " + part.stream().sorted().map(String::valueOf).collect(Collectors.joining(",")))
                .collect(Collectors.joining());
        fields.set(0, (hasTimes ? "1" : "0") + said);
        fields.add(0, MARK);
        return fields;
    }
}
