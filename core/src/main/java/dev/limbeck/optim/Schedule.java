package dev.limbeck.optim;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleUnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Change a setting in the course of a fit. As text a number, or {@code shape:start..end}, with {@code @from..to} behind it
 * where it is to begin later than the fit or end earlier: {@code cosine:1..0}, {@code linear:8..2@0.2..0.8}.
 *
 * @param shape how it gets from start to end
 * @param start value at and before {@code from}
 * @param end value at and after {@code to}; a window and dsd are back at the start then
 * @param from share of the fit at which the change begins, in [0, 1]
 * @param to share at which it ends, in [from, 1]
 */
public record Schedule(Shape shape, double start, double end, double from, double to) {
    /** Lead from 0 to 1. */
    public enum Shape {
        /** The same value all the time. */
        CONSTANT(0, 1, x -> 0),
        /** In equal steps. */
        LINEAR(0, 1, x -> x),
        /** Along half a cosine: slow, fast, slow. */
        COSINE(0, 1, x -> (1 - Math.cos(Math.PI * x)) / 2),
        /** All at once, at {@code from}. */
        STEP(0.5, 1, x -> 1),
        /** In equal steps over the first tenth. */
        WARM_UP(0, 0.1, x -> x),
        /** The end value between {@code from} and {@code to}, the start value outside. */
        WINDOW(0.25, 0.75, x -> 1),
        /** In three jumps. */
        ITERATIVE(0.2, 1, x -> Math.ceil(3 * x) / 3),
        /** Fast at first: 1 − (1 − x)³, as in gradual pruning. */
        AGP(0.2, 1, x -> 1 - Math.pow(1 - x, 3)),
        /** Along a logistic curve that is all but over by the middle. */
        ONE_CYCLE(0, 1, x -> (1 + Math.exp(-14 + 6)) / (1 + Math.exp(-14 * x + 6))),
        /** There along a cosine by the middle, and back. */
        DSD(0, 1, x -> (1 - Math.cos(2 * Math.PI * x)) / 2);

        private final double from;
        private final double to;
        private final DoubleUnaryOperator way;

        Shape(double from, double to, DoubleUnaryOperator way) {
            this.from = from;
            this.to = to;
            this.way = way;
        }

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    private static final String NUMBER = "(-?[0-9]+(?:\\.[0-9]+)?(?:[eE]-?[0-9]+)?)";
    private static final Pattern TEXT =
            Pattern.compile("([a-z_-]+):" + NUMBER + "\\.\\." + NUMBER + "(?:@" + NUMBER + "\\.\\." + NUMBER + ")?");

    /** The regular expression that the text of a change matches. */
    public static final String PATTERN = "^" + TEXT.pattern() + "$";

    public Schedule {
        Settings.inUnit("a schedule's beginning", from);
        Settings.inUnit("a schedule's end", to);
        if (from > to)
            throw new LimbeckException("a schedule begins at " + from + " and ends at " + to + "; swap them");
        // A single value is checked by whoever takes it, which knows its range.
        if (shape != Shape.CONSTANT && !(Double.isFinite(start) && Double.isFinite(end))) {
            throw new LimbeckException("a schedule must lead from number to number, found " + start + ".." + end);
        }
    }

    /** Change over the part of the fit that is usual for a shape: for {@code step} the second half, for most all of it. */
    public Schedule(Shape shape, double start, double end) {
        this(shape, start, end, shape.from, shape.to);
    }

    /** Keep one value. */
    @JsonCreator
    public static Schedule constant(double value) {
        return new Schedule(Shape.CONSTANT, value, value);
    }

    /** Return the same change over another part of the fit. */
    public Schedule between(double from, double to) {
        return new Schedule(shape, start, end, from, to);
    }

    /**
     * Read a schedule; FasterAI's names are known too: lin, cos, one_shot, iterative, agp, one_cycle, dsd.
     *
     * @throws LimbeckException if the text is none
     */
    @JsonCreator
    public static Schedule of(String text) {
        try {
            return constant(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            Matcher parts = TEXT.matcher(text);
            if (!parts.matches()) {
                throw new LimbeckException("a schedule must be a number or shape:start..end[@from..to], such as "
                        + "cosine:1..0 or linear:8..2@0.2..0.8, found '" + text + "'");
            }
            Shape shape = shape(parts.group(1));
            double start = Double.parseDouble(parts.group(2));
            double end = Double.parseDouble(parts.group(3));
            if (parts.group(4) == null) return new Schedule(shape, start, end);
            return new Schedule(
                    shape, start, end, Double.parseDouble(parts.group(4)), Double.parseDouble(parts.group(5)));
        }
    }

    private static Shape shape(String name) {
        String plain = switch (name) {
            case "lin" -> "linear";
            case "cos" -> "cosine";
            case "one_shot" -> "step";
            default -> name.replace('_', '-');
        };
        List<String> names = Arrays.stream(Shape.values()).map(Shape::toString).toList();
        if (!names.contains(plain)) throw Names.unknown("schedule", name, names);
        return Shape.values()[names.indexOf(plain)];
    }

    /** Return the value at a share of the fit, in [0, 1]. */
    public double at(double progress) {
        if (progress < from || shape == Shape.CONSTANT || shape == Shape.WINDOW && progress > to) return start;
        double x = from == to ? 1 : Math.min(1, (progress - from) / (to - from));
        return start + (end - start) * shape.way.applyAsDouble(x);
    }

    public boolean isConstant() {
        return shape == Shape.CONSTANT;
    }

    /** Return the value it begins with, for settings that must be known before. */
    public double first() {
        return at(0);
    }

    /** Check both ends, which no value in between exceeds; returns the schedule. */
    public Schedule each(DoubleUnaryOperator check) {
        check.applyAsDouble(start);
        check.applyAsDouble(end);
        return this;
    }

    /** Return a number where it is constant, else the text that {@link #of(String)} reads. */
    @JsonValue
    public Object value() {
        return isConstant() ? (Object) start : toString();
    }

    @Override
    public String toString() {
        if (isConstant()) return Double.toString(start);
        String text = shape + ":" + start + ".." + end;
        return from == shape.from && to == shape.to ? text : text + "@" + from + ".." + to;
    }
}
