package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.OutputKind;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Kind of a model's output, which determines how it is converted to logits. */
public enum TeacherOutput {
    /** Logits, used unchanged. A single output z becomes the two logits [0, z]. */
    LOGITS("logits"),
    /** Softmax probabilities: each row has the sum 1. Logits are their logarithms. */
    PROBABILITIES("probabilities"),
    /** Probabilities of the top classes, and 0 for the others. The others share the rest. */
    TOP_CLASSES("the probabilities of the top classes"),
    /** Log-softmax values, used unchanged. */
    LOG_PROBABILITIES("log-probabilities"),
    /** Softmax probabilities in percent: each row has the sum 100. */
    PERCENT("probabilities in percent"),
    /**
     * One sigmoid probability p per class. Logits are log(p / (1 − p)), with p clipped to [1e-7, 1 − 1e-7] as in Keras.
     * The loss {@code multi-label} then recovers p at T = 1. A softmax gives p / (1 − p) over the sum of that: the
     * probability of each class, if exactly one is present and the classes are independent. A single p becomes two
     * classes with probabilities [1 − p, p].
     */
    SIGMOID("sigmoids, one probability per class"),
    /** Predicted numbers of a regression, in the targets' units. */
    NUMBERS("numbers in the targets' units"),
    /** A vector of features, for a student of the task {@code embedding}. */
    EMBEDDING("an embedding");

    /** Tolerance of a row's sum around 1: the rounding error of bfloat16. */
    private static final double SUM = 4e-3;
    /** Tolerance outside [0, 1]. */
    private static final double EDGE = 1e-3;
    /** Tolerance of log Σ exp of log-probabilities: the rounding error of float16. */
    private static final double LOG_SUM = 2e-2;

    private final String words;

    TeacherOutput(String words) {
        this.words = words;
    }

    /**
     * Parse a name such as {@code sigmoid}, ignoring case.
     *
     * @throws LimbeckException if the name is unknown
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

    /** Return the name in recipes and on the command line. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Return a description. */
    public String words() {
        return words;
    }

    /** Return the kind after conversion. Log-probabilities are used as logits. */
    TeacherOutput used() {
        return this == LOG_PROBABILITIES ? LOGITS : this;
    }

    /** Return the kind of information it holds. */
    public OutputKind knowledge() {
        return switch (this) {
            case LOGITS, SIGMOID, NUMBERS, EMBEDDING -> OutputKind.LOGITS;
            case PROBABILITIES, LOG_PROBABILITIES, PERCENT -> OutputKind.PROBABILITIES;
            case TOP_CLASSES -> OutputKind.TOP_CLASSES;
        };
    }

    /**
     * Detect the kind of finite values. Use many rows: logits may look like another kind by chance.
     *
     * @param values whole rows, row-major
     * @param width values per row
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

    /** Return whether every row has some values equal to 0 and some others. */
    private static boolean haveZeros(float[] values, int width) {
        for (int at = 0; at < values.length; at += width) {
            int zeros = 0;
            for (int c = at; c < at + width; c++) if (values[c] == 0) zeros++;
            if (zeros == 0 || zeros == width) return false;
        }
        return true;
    }

    /**
     * Check whether outputs used as logits look like another kind.
     *
     * @param values whole rows, row-major
     * @param width values per row
     * @return a warning with the option to set, or null
     */
    public static @Nullable String doubt(float[] values, int width, String teacher) {
        return OutputAdapter.doubt(values, width, ModelName.teacher(teacher));
    }

    /** Return whether the values can be of a kind. Any value can be a logit. */
    static boolean fit(float[] values, int width, TeacherOutput said) {
        for (int at = 0; at < values.length; at += width) {
            double sum = 0;
            for (int c = at; c < at + width; c++) {
                float value = values[c];
                boolean inside = switch (said) {
                    case LOGITS, NUMBERS, EMBEDDING -> true;
                    case LOG_PROBABILITIES -> value <= EDGE;
                    case PERCENT -> value >= -100 * EDGE && value <= 100 * (1 + EDGE);
                    case PROBABILITIES, TOP_CLASSES, SIGMOID -> value >= -EDGE && value <= 1 + EDGE;
                };
                if (!inside) return false;
                sum += said == LOG_PROBABILITIES ? Math.exp(value) : value;
            }
            boolean adds = switch (said) {
                case LOGITS, SIGMOID, NUMBERS, EMBEDDING -> true;
                case LOG_PROBABILITIES -> Math.abs(sum - 1) <= LOG_SUM;
                case PERCENT -> Math.abs(sum - 100) <= 100 * SUM;
                case PROBABILITIES -> Math.abs(sum - 1) <= SUM;
                case TOP_CLASSES -> sum <= 1 + SUM;
            };
            if (!adds) return false;
        }
        return true;
    }

    /** Return whether each row is one-hot. */
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

    /** Return whether all values are integers from 0 up, and some are above 1: class indices. */
    static boolean areClassNumbers(float[] values) {
        boolean above = false;
        for (float value : values) {
            if (value < 0 || value != Math.rint(value)) return false;
            above |= value > 1;
        }
        return above;
    }
}
