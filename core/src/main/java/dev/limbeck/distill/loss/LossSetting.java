package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Declare a setting of a loss: name, type, default, range and help. Command line, recipes, lists and the loss use this
 * declaration.
 *
 * @param <T> Double, Integer, Boolean or String
 */
public final class LossSetting<T> {
    /** Name of the setting that schedules and sweeps change. */
    public static final String TEMPERATURE = "temperature";

    private final String name;
    private final String type;
    private final T defaultValue;
    private final String help;
    private final String range;
    private final Predicate<T> allowed;
    private final Function<Object, Optional<T>> reader;

    private LossSetting(
            String name,
            String type,
            T defaultValue,
            String help,
            String range,
            Predicate<T> allowed,
            Function<Object, Optional<T>> reader) {
        this.name = name;
        this.type = type;
        this.defaultValue = defaultValue;
        this.help = help;
        this.range = range;
        this.allowed = allowed;
        this.reader = reader;
    }

    /** Declare a finite number, in any range by default. */
    public static LossSetting<Double> number(String name, double defaultValue, String help) {
        return new LossSetting<>(
                name, "a number", defaultValue, help, "finite", Double::isFinite, LossSetting::toNumber);
    }

    /** Declare an integer, in any range by default. */
    public static LossSetting<Integer> whole(String name, int defaultValue, String help) {
        return new LossSetting<>(
                name,
                "a whole number",
                defaultValue,
                help,
                "",
                value -> true,
                value -> toNumber(value)
                        .filter(number -> number == Math.rint(number) && Math.abs(number) <= Integer.MAX_VALUE)
                        .map(Double::intValue));
    }

    /** Declare a boolean. */
    public static LossSetting<Boolean> flag(String name, boolean defaultValue, String help) {
        return new LossSetting<>(
                name, "true or false", defaultValue, help, "", value -> true, value -> switch (String.valueOf(value)) {
                    case "true" -> Optional.of(true);
                    case "false" -> Optional.of(false);
                    default -> Optional.empty();
                });
    }

    /** Declare a choice of words. */
    public static LossSetting<String> word(String name, String defaultValue, String help, String... words) {
        List<String> all = List.of(words);
        return new LossSetting<>(
                name,
                "one of " + String.join(", ", all),
                defaultValue,
                help,
                "",
                all::contains,
                value -> Optional.of(String.valueOf(value)).filter(all::contains));
    }

    /** Declare the temperature: a positive number that schedules and sweeps change. */
    public static LossSetting<Double> temperature(double defaultValue) {
        return number(TEMPERATURE, defaultValue, "softens the probabilities of both networks")
                .positive();
    }

    /** Return a copy for values above 0. */
    public LossSetting<T> positive() {
        return within("a positive number", value -> ((Number) value).doubleValue() > 0);
    }

    /** Return a copy for values from 0 to 1. */
    public LossSetting<T> inUnit() {
        return within(
                "between 0 and 1", value -> ((Number) value).doubleValue() >= 0 && ((Number) value).doubleValue() <= 1);
    }

    /** Return a copy with a minimum. */
    public LossSetting<T> atLeast(T least) {
        double from = ((Number) least).doubleValue();
        return within("at least " + show(least), value -> ((Number) value).doubleValue() >= from);
    }

    /**
     * Return a copy with a range.
     *
     * @param range text after "must be", such as {@code above 0 and at most 1}
     */
    public LossSetting<T> within(String range, Predicate<T> allowed) {
        return new LossSetting<>(name, type, defaultValue, help, range, this.allowed.and(allowed), reader);
    }

    /** Return the name, as written before the equals sign. */
    public String name() {
        return name;
    }

    /** Return the default. */
    public T defaultValue() {
        return defaultValue;
    }

    /** Return one line that describes the setting. */
    public String help() {
        return help;
    }

    /** Return the allowed values as text, such as {@code a whole number, at least 1}. */
    public String expected() {
        if (range.isEmpty() || range.equals("finite")) return type;
        return range.startsWith(type) || range.startsWith("a ") ? range : type + ", " + range;
    }

    /**
     * Check a value, and return it.
     *
     * @throws LimbeckException if it is not allowed
     */
    public T check(T value) {
        if (allowed.test(value)) return value;
        throw new LimbeckException(name + " must be " + (range.isEmpty() ? type : range) + ", found " + value);
    }

    /**
     * Parse a value from a recipe or a command line: a number, a boolean, or text.
     *
     * @throws LimbeckException if it has another type or is out of range
     */
    public T read(Object value) {
        Optional<T> read = reader.apply(value);
        if (read.isPresent()) return check(read.get());
        boolean isNumber = toNumber(value).isPresent();
        String found = value instanceof String text && !isNumber ? "'" + Printable.quote(text) + "'" : "" + value;
        throw new LimbeckException(name + " must be " + type + ", found " + found);
    }

    /** Format a value as written after the equals sign: 4 for 4.0. */
    public static String show(@Nullable Object value) {
        boolean isWhole = value instanceof Double number && number == Math.rint(number) && Math.abs(number) < 1e9;
        return isWhole ? String.format(Locale.ROOT, "%.0f", value) : String.valueOf(value);
    }

    private static Optional<Double> toNumber(Object value) {
        try {
            return Optional.of(Double.parseDouble(String.valueOf(value)));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return name + "=" + show(defaultValue);
    }
}
