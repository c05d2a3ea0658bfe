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
 * Change a value over a fit: a learning rate, a loss weight or a temperature. The text form is a number or {@code
 * shape:start..end}, optionally with {@code @from..to} for a part of the fit: {@code cosine:1..0}, {@code
 * linear:8..2@0.2..0.8}.
 *
 * @param shape curve from start to end
 * @param start value at and before {@code from}
 * @param end value at and after {@code to}; window and dsd return to {@code start}
 * @param from share of the fit where the change begins, in [0, 1]
 * @param to share of the fit where the change ends, in [from, 1]
 */
public record Schedule(Shape shape, double start, double end, double from, double to) {
    /** Curve from 0 to 1. */
    public enum Shape {
        /** Constant. */
        CONSTANT(0, 1, x -> 0),
        /** Linear. */
        LINEAR(0, 1, x -> x),
        /** Half a cosine: slow, fast, slow. */
        COSINE(0, 1, x -> (1 - Math.cos(Math.PI * x)) / 2),
        /** One step, at {@code from}. */
        STEP(0.5, 1, x -> 1),
        /** Linear over the first tenth. */
        WARM_UP(0, 0.1, x -> x),
        /** The end value between {@code from} and {@code to}, the start value outside. */
        WINDOW(0.25, 0.75, x -> 1),
        /** Three equal steps. */
        ITERATIVE(0.2, 1, x -> Math.ceil(3 * x) / 3),
        /** Fast at first: 1 − (1 − x)³, as in gradual pruning. */
        AGP(0.2, 1, x -> 1 - Math.pow(1 - x, 3)),
        /** A logistic curve that is nearly complete at the middle. */
        ONE_CYCLE(0, 1, x -> (1 + Math.exp(-14 + 6)) / (1 + Math.exp(-14 * x + 6))),
        /** A cosine to the end value at the middle, and back. */
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

    /** Regular expression of the text form. */
    public static final String PATTERN = "^" + TEXT.pattern() + "$";

    public Schedule {
        Settings.inUnit("a schedule's from", from);
        Settings.inUnit("a schedule's to", to);
        if (from > to)
            throw new LimbeckException("a schedule starts at " + from + " and ends at " + to + "; swap them");
        // The user of a constant checks its range.
        if (shape != Shape.CONSTANT && !(Double.isFinite(start) && Double.isFinite(end))) {
            throw new LimbeckException("a schedule must go from number to number, found " + start + ".." + end);
        }
    }

    /**
     * Create a schedule over the default part of the fit for its shape: the second half for {@code step}, the whole fit
     * for most others.
     */
    public Schedule(Shape shape, double start, double end) {
        this(shape, start, end, shape.from, shape.to);
    }

    /** Return a constant schedule. */
    @JsonCreator
    public static Schedule constant(double value) {
        return new Schedule(Shape.CONSTANT, value, value);
    }

    /** Return a copy for another part of the fit. */
    public Schedule between(double from, double to) {
        return new Schedule(shape, start, end, from, to);
    }

    /**
     * Parse a schedule. FasterAI's names are accepted too: lin, cos, one_shot, iterative, agp, one_cycle, dsd.
     *
     * @throws LimbeckException if the text is not a schedule
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

    /** Return the value at a position in the fit, in [0, 1]. */
    public double at(double progress) {
        if (progress < from || shape == Shape.CONSTANT || shape == Shape.WINDOW && progress > to) return start;
        double x = from == to ? 1 : Math.min(1, (progress - from) / (to - from));
        return start + (end - start) * shape.way.applyAsDouble(x);
    }

    public boolean isConstant() {
        return shape == Shape.CONSTANT;
    }

    /** Return the start value. */
    public double first() {
        return at(0);
    }

    /** Check both ends, which bound all values. Return the schedule. */
    public Schedule each(DoubleUnaryOperator check) {
        check.applyAsDouble(start);
        check.applyAsDouble(end);
        return this;
    }

    /** Return a number if it is constant, else the text that {@link #of(String)} parses. */
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
