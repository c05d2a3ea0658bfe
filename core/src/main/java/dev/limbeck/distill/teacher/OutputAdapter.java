package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Validate the output of a foreign model, and convert it to logits. */
final class OutputAdapter {
    /** Smallest probability. Its logarithm is finite, and it does not raise a class at any common temperature. */
    private static final double LEAST = 1e-12;

    /** Keras' epsilon when it converts sigmoids to logits. */
    private static final double LEAST_SIGMOID = 1e-7;

    /** Tolerance between a row in a full batch and in a smaller one, as a share of the largest output. */
    private static final double STEADY = 0.01;

    private OutputAdapter() {}

    /**
     * Convert an output to logits.
     *
     * @param output model output, rows×classes
     * @param classes expected number of classes; 0 for any
     * @param said kind of the output
     * @param task of the student
     * @return logits, rows×classes, two classes if a single-label model has a single output; for regression, numbers in
     *     the targets' units
     * @throws LimbeckException if the shape is wrong, a value is not finite, or the values do not match the kind
     */
    static Tensor logits(Tensor output, ModelName who, long rows, int classes, TeacherOutput said, Task.Kind task) {
        Tensor table = table(output, who, rows, classes, task);
        float[] values = finite(table, who);
        int width = Math.toIntExact(table.size(1));
        if (width == 1 && task == Task.Kind.SINGLE_LABEL) return two(values, who, said);
        check(values, width, who, said);
        return switch (said) {
            case LOGITS, LOG_PROBABILITIES, NUMBERS, EMBEDDING -> table;
            case SIGMOID -> {
                for (int i = 0; i < values.length; i++) values[i] = logOdds(values[i]);
                yield Tensors.of(values, rows, width);
            }
            case PROBABILITIES -> logarithms(table);
            case PERCENT -> logarithms(Ops.mul(table, 0.01));
            case TOP_CLASSES -> {
                spread(values, width);
                yield logarithms(Tensors.of(values, rows, width));
            }
        };
    }

    private static Tensor logarithms(Tensor probabilities) {
        return Ops.clampMin(probabilities, LEAST).log();
    }

    /**
     * Reshape an output to rows×outputs, in float32: in half, the smallest probability is 0. Trailing dimensions of size 1 are removed; a
     * row may be a scalar.
     */
    static Tensor table(Tensor output, ModelName who, long rows, int classes, Task.Kind task) {
        if (!DType.of(output).isFloatingPoint()) {
            throw new LimbeckException(who + " returns integers ("
                    + DType.of(output).name().toLowerCase(Locale.ROOT)
                    + "), such as class indices; save it with logits or probabilities as output");
        }
        long[] shape = output.shape();
        Tensor numbers = Tensors.to(output, DType.FLOAT32);
        Tensor table = numbers;
        boolean flat = shape.length > 2;
        for (int i = 2; i < shape.length; i++) flat &= shape[i] == 1;
        if (flat) table = numbers.reshape(shape[0], shape[1]);
        else if (shape.length == 1 && shape[0] == rows) table = numbers.reshape(rows, 1);
        boolean fits = table.dim() == 2 && table.size(0) == rows;
        boolean oneForTwo = classes == 2 && task == Task.Kind.SINGLE_LABEL;
        if (fits && (classes == 0 || table.size(1) == classes || (table.size(1) == 1 && oneForTwo))) return table;
        boolean transposed = table.dim() == 2
                && table.size(1) == rows
                && table.size(0) != rows
                && (classes == 0 || table.size(0) == classes);
        throw new LimbeckException(who + " must return " + rows + "×"
                + (classes == 0 ? "classes" : classes) + " numbers, found " + Tensors.shapeText(shape)
                + (fits
                        ? "; set as many class names as it has outputs, or choose a "
                                + who.role().noun() + " of the data's classes"
                        : "")
                + (transposed ? "; its output is transposed, save it with one row per image" : ""));
    }

    /** Return the values of an output after checking that all are finite. */
    static float[] finite(Tensor table, ModelName who) {
        float[] values = Tensors.toFloats(table);
        int bad = 0;
        for (float value : values) {
            if (!Float.isFinite(value)) bad++;
        }
        if (bad == 0) return values;
        throw new LimbeckException(who + " must return finite numbers, found " + bad + " of " + values.length
                + " NaN or infinite; check its weights and its preprocessing");
    }

    /**
     * Check that rows have the same outputs in a smaller batch.
     *
     * @param again outputs of the first rows in that batch
     */
    static void requireSteady(float[] output, float[] again, ModelName who) {
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < again.length; i++) {
            largest = Math.max(largest, Math.abs(output[i]));
            difference = Math.max(difference, Math.abs(output[i] - again[i]));
        }
        if (difference <= STEADY * largest) return;
        throw new LimbeckException(String.format(
                Locale.ROOT,
                "%s gives other outputs for the same rows in a smaller batch (difference %.2g, largest "
                        + "output %.2g): it is random or in training mode; save it after model.eval()",
                who,
                difference,
                largest));
    }

    /** Convert a single output to two classes. */
    private static Tensor two(float[] values, ModelName who, TeacherOutput said) {
        if (said != TeacherOutput.LOGITS && said != TeacherOutput.SIGMOID) {
            throw new LimbeckException(who + " returns one number per row, which cannot be " + said.words()
                    + "; set its kind: " + who.role().output(TeacherOutput.SIGMOID.key()) + " (from 0 to 1) or "
                    + who.role().output(TeacherOutput.LOGITS.key()));
        }
        check(values, 1, who, said);
        float[] both = new float[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            both[2 * i + 1] = said == TeacherOutput.SIGMOID ? logOdds(values[i]) : values[i];
        }
        return Tensors.of(both, values.length, 2);
    }

    private static void check(float[] values, int width, ModelName who, TeacherOutput said) {
        if (TeacherOutput.fit(values, width, said)) return;
        String expected = switch (said) {
            case LOGITS -> "logits";
            case NUMBERS, EMBEDDING -> "numbers";
            case PROBABILITIES -> "probabilities, rows of numbers from 0 to 1 with the sum 1";
            case TOP_CLASSES -> "probabilities, rows of numbers from 0 to 1 with a sum of at most 1";
            case PERCENT -> "probabilities in percent, rows of numbers from 0 to 100 with the sum 100";
            case LOG_PROBABILITIES -> "log-probabilities, numbers up to 0";
            case SIGMOID -> "sigmoids, numbers from 0 to 1";
        };
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        throw new LimbeckException(who + " must return " + expected + ", found "
                + (seen == TeacherOutput.LOGITS ? "others" : "what looks like " + seen.words())
                + "; set it: " + who.role().output(seen.key()));
    }

    /**
     * Detect the kind of a teacher's output from rows across a split.
     *
     * @param output model output, rows×outputs
     * @param said kind set by the user or the file; null if not set
     * @param task of the student
     * @throws LimbeckException with an instruction, if no kind is set and it is ambiguous, or if the set kind is wrong
     *     in a way that no later check would find
     */
    static TeacherOutput found(float[] values, int width, ModelName who, @Nullable TeacherOutput said, Task.Kind task) {
        return switch (task) {
            case SINGLE_LABEL -> found(values, width, who, said);
            case MULTI_LABEL -> ofLabels(values, width, who, said);
            case REGRESSION -> {
                if (said == null || said == TeacherOutput.NUMBERS) yield TeacherOutput.NUMBERS;
                throw otherKind(who, said, "regression", "numbers");
            }
            case EMBEDDING -> ofEmbedding(values, width, who, said);
        };
    }

    private static TeacherOutput ofEmbedding(float[] values, int width, ModelName who, @Nullable TeacherOutput said) {
        if (said == TeacherOutput.EMBEDDING) return said;
        TeacherOutput seen = said == null ? TeacherOutput.seenIn(values, width) : said;
        if (width > 1 && seen == TeacherOutput.LOGITS && said == null) return TeacherOutput.EMBEDDING;
        throw new LimbeckException(who + " returns " + (width == 1 ? "one number per row" : seen.words())
                + ", expected an embedding; save the network without its classifier, or set that its outputs are one: "
                + who.role().output(TeacherOutput.EMBEDDING.key()));
    }

    private static LimbeckException otherKind(ModelName who, TeacherOutput said, String task, String expected) {
        return new LimbeckException(who + " must return " + expected + " for " + task + ", found the setting "
                + said.key() + "; leave it out, or use a model of the same task");
    }

    private static TeacherOutput ofLabels(float[] values, int width, ModelName who, @Nullable TeacherOutput said) {
        if (said == TeacherOutput.LOGITS || said == TeacherOutput.SIGMOID) return said;
        if (said != null) throw otherKind(who, said, "several labels", "logits or sigmoids");
        if (!TeacherOutput.fit(values, width, TeacherOutput.SIGMOID)) return TeacherOutput.LOGITS;
        ModelRole role = who.role();
        throw new LimbeckException(who + " returns numbers from 0 to 1, like sigmoids; set the kind: "
                + role.output(TeacherOutput.SIGMOID.key()) + " or " + role.output(TeacherOutput.LOGITS.key())
                + " (in a recipe output)");
    }

    private static TeacherOutput found(float[] values, int width, ModelName who, @Nullable TeacherOutput said) {
        ModelRole role = who.role();
        if (said == TeacherOutput.NUMBERS || said == TeacherOutput.EMBEDDING) {
            throw otherKind(who, said, "one class per row", "logits or probabilities");
        }
        if (said == TeacherOutput.SIGMOID
                && width > 1
                && TeacherOutput.fit(values, width, TeacherOutput.PROBABILITIES)) {
            throw new LimbeckException(who + " must return sigmoids, found rows with the sum 1, as a softmax returns; "
                    + "set it: " + role.output(TeacherOutput.PROBABILITIES.key()));
        }
        if (said != null) return said;
        if (TeacherOutput.areClassNumbers(values) && width == 1) {
            throw new LimbeckException(who + " returns one integer per row, like the index of the "
                    + "predicted class; save it with logits or probabilities as output");
        }
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        String orLogits = " or " + role.output(TeacherOutput.LOGITS.key()) + " (in a recipe output)";
        if (width == 1) {
            boolean unit = seen == TeacherOutput.SIGMOID;
            throw new LimbeckException(who + " returns one number per row, "
                    + (unit ? "from 0 to 1 like a sigmoid" : "not always from 0 to 1")
                    + "; set its kind: "
                    + (unit
                            ? role.output(TeacherOutput.SIGMOID.key()) + orLogits
                            : role.output(TeacherOutput.LOGITS.key()) + " (in a recipe output)")
                    + ". It becomes two classes, and it is the probability of the second");
        }
        if (TeacherOutput.isOneHot(values, width)) {
            throw new LimbeckException(who + " returns 1 for one class and 0 for all others, which gives the "
                    + "predicted class only; save it with logits or probabilities as output. If these are its "
                    + "probabilities, set it: " + role.output(TeacherOutput.PROBABILITIES.key())
                    + " (in a recipe output)");
        }
        if (seen == TeacherOutput.TOP_CLASSES) {
            throw new LimbeckException(who
                    + " returns numbers from 0 to 1, with zeros in each row, whose rows have a sum below 1, "
                    + "like " + seen.words() + " or like sigmoids; set the kind: "
                    + role.output(seen.key())
                    + ", " + role.output(TeacherOutput.SIGMOID.key()) + orLogits);
        }
        if (seen == TeacherOutput.SIGMOID) {
            throw new LimbeckException(who + " returns numbers from 0 to 1 whose rows do not have the sum 1, "
                    + "like sigmoids; set the kind: " + role.output(seen.key()) + orLogits);
        }
        if (seen == TeacherOutput.PERCENT) {
            throw new LimbeckException(who + " returns rows with the sum 100, like "
                    + "probabilities in percent; set the kind: " + role.output(seen.key()) + orLogits);
        }
        return seen;
    }

    /**
     * Check whether values used as logits look like another kind. Probabilities are often mistaken for logits.
     *
     * @return a warning, or null
     */
    static @Nullable String doubt(float[] values, int width, ModelName who) {
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        return switch (seen) {
            case PROBABILITIES, PERCENT, SIGMOID, TOP_CLASSES ->
                who + " returns what looks like " + seen.words()
                        + ", but is used as logits; unless they are logits, set the kind: "
                        + who.role().output(seen.key());
            case LOGITS, LOG_PROBABILITIES, NUMBERS, EMBEDDING -> null;
        };
    }

    private static float logOdds(double probability) {
        double held = Math.min(1 - LEAST_SIGMOID, Math.max(LEAST_SIGMOID, probability));
        return (float) (Math.log(held) - Math.log1p(-held));
    }

    private static void spread(float[] values, int classes) {
        for (int at = 0; at < values.length; at += classes) {
            double rest = 1;
            int unknown = 0;
            for (int c = at; c < at + classes; c++) {
                rest -= values[c];
                if (values[c] <= 0) unknown++;
            }
            if (unknown == 0) continue;
            float each = (float) (Math.max(0, rest) / unknown);
            for (int c = at; c < at + classes; c++) {
                if (values[c] <= 0) values[c] = each;
            }
        }
    }
}
