package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.OutputKind;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Say what the numbers are that a teacher gives, and so how logits are made of them. */
public enum TeacherOutput {
    /** Logits, used as they are. A single one, z, becomes the two [0, z]. */
    LOGITS("logits"),
    /** A softmax: rows of numbers from 0 to 1 with the sum 1. Their logarithms are used. */
    PROBABILITIES("probabilities"),
    /** The probabilities of the likeliest classes, and 0 for the others, which share the rest. */
    TOP_CLASSES("the probabilities of the likeliest classes"),
    /** The logarithms of a softmax. They are used as they are. */
    LOG_PROBABILITIES("logarithms of probabilities"),
    /** A softmax in percent: rows with the sum 100. */
    PERCENT("probabilities in percent"),
    /**
     * A sigmoid for each class, a probability p of its own. log(p / (1 − p)) is used, with p held between 1e-7 and 1 − 1e-7, as
     * Keras holds it. So the loss {@code multi-label} sees p again at T = 1, and a softmax sees p / (1 − p) over the sum of that:
     * the probability of a class if exactly one is there and each is there independently. A single p becomes two
     * classes with the probabilities [1 − p, p].
     */
    SIGMOID("sigmoids, a probability of its own for each class");

    /** How far a row's sum may lie from 1: what rounding to bfloat16 makes of it. */
    private static final double SUM = 4e-3;
    /** How far a number may lie outside 0 to 1. */
    private static final double EDGE = 1e-3;
    /** How far rounding to float16 moves log Σ exp of logarithms of probabilities. */
    private static final double LOG_SUM = 2e-2;

    private final String words;

    TeacherOutput(String words) {
        this.words = words;
    }

    /**
     * Read a name such as {@code sigmoid}, whatever its case.
     *
     * @throws LimbeckException if there is none of that name
     */
    public static TeacherOutput of(String name) {
        for (TeacherOutput output : values()) if (output.key().equalsIgnoreCase(name.strip())) return output;
        throw new LimbeckException("a teacher's output must be "
                + Stream.of(values()).map(TeacherOutput::key).collect(Collectors.joining(", ")) + ", found '" + name
                + "'");
    }

    static TeacherOutput of(OutputKind knowledge) {
        return valueOf(knowledge.name());
    }

    /** Return its name in recipes and on the command line. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Return what it is in words. */
    public String words() {
        return words;
    }

    /** Return what it is used as: logarithms of probabilities are used as logits are. */
    TeacherOutput used() {
        return this == LOG_PROBABILITIES ? LOGITS : this;
    }

    /** Return how much it tells. */
    public OutputKind knowledge() {
        return switch (this) {
            case LOGITS, SIGMOID -> OutputKind.LOGITS;
            case PROBABILITIES, LOG_PROBABILITIES, PERCENT -> OutputKind.PROBABILITIES;
            case TOP_CLASSES -> OutputKind.TOP_CLASSES;
        };
    }

    /**
     * Tell what finite numbers look like. Enough rows are needed: numbers that look like anything but logits may be logits by
     * chance.
     *
     * @param values row-major, whole rows
     * @param width of a row
     */
    public static TeacherOutput seenIn(float[] values, int width) {
        float least = Float.POSITIVE_INFINITY;
        float most = Float.NEGATIVE_INFINITY;
        for (float value : values) {
            least = Math.min(least, value);
            most = Math.max(most, value);
        }
        if (values.length == 0 || least == most && least == 0) return LOGITS;
        if (width > 1 && fit(values, width, PROBABILITIES)) return PROBABILITIES;
        if (width > 1 && fit(values, width, PERCENT)) return PERCENT;
        if (width > 1 && fit(values, width, LOG_PROBABILITIES)) return LOG_PROBABILITIES;
        if (width > 1 && haveZeros(values, width) && fit(values, width, TOP_CLASSES)) return TOP_CLASSES;
        return fit(values, width, SIGMOID) ? SIGMOID : LOGITS;
    }

    /** Return whether in each row some numbers are exactly 0 and some are not. */
    private static boolean haveZeros(float[] values, int width) {
        for (int at = 0; at < values.length; at += width) {
            int zeros = 0;
            for (int c = at; c < at + width; c++) if (values[c] == 0) zeros++;
            if (zeros == 0 || zeros == width) return false;
        }
        return true;
    }

    /**
     * Doubt that a teacher gives logits, if its outputs look like something else.
     *
     * @param values row-major, whole rows
     * @param width of a row
     * @return a line with the option to set; null if nothing speaks against it
     */
    public static @Nullable String doubt(float[] values, int width, String teacher) {
        return OutputAdapter.doubt(values, width, ModelName.teacher(teacher));
    }

    /** Return whether numbers can be what is said of them; any can be logits. */
    static boolean fit(float[] values, int width, TeacherOutput said) {
        for (int at = 0; at < values.length; at += width) {
            double sum = 0;
            for (int c = at; c < at + width; c++) {
                float value = values[c];
                boolean inside = switch (said) {
                    case LOGITS -> true;
                    case LOG_PROBABILITIES -> value <= EDGE;
                    case PERCENT -> value >= -100 * EDGE && value <= 100 * (1 + EDGE);
                    case PROBABILITIES, TOP_CLASSES, SIGMOID -> value >= -EDGE && value <= 1 + EDGE;
                };
                if (!inside) return false;
                sum += said == LOG_PROBABILITIES ? Math.exp(value) : value;
            }
            boolean adds = switch (said) {
                case LOGITS, SIGMOID -> true;
                case LOG_PROBABILITIES -> Math.abs(sum - 1) <= LOG_SUM;
                case PERCENT -> Math.abs(sum - 100) <= 100 * SUM;
                case PROBABILITIES -> Math.abs(sum - 1) <= SUM;
                case TOP_CLASSES -> sum <= 1 + SUM;
            };
            if (!adds) return false;
        }
        return true;
    }

    /** Return whether each row is 1 for one class and 0 for the others: the winner alone. */
    static boolean isOneHot(float[] values, int width) {
        for (int at = 0; at < values.length; at += width) {
            int ones = 0;
            for (int c = at; c < at + width; c++) {
                if (values[c] != 0 && values[c] != 1) return false;
                if (values[c] == 1) ones++;
            }
            if (ones != 1) return false;
        }
        return values.length > 0;
    }

    /** Return whether all are whole numbers from 0 up, and some above 1: the numbers of classes. */
    static boolean areClassNumbers(float[] values) {
        boolean above = false;
        for (float value : values) {
            if (value < 0 || value != Math.rint(value)) return false;
            above |= value > 1;
        }
        return above;
    }
}
