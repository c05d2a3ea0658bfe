package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Check what a teacher that is not ours answers, and make logits of it. */
final class Answers {
    /** The least probability: its logarithm is finite, and at no usual temperature does a class come out likelier for it. */
    private static final double LEAST = 1e-12;

    /** What Keras takes for the least probability when it makes logits of sigmoids. */
    private static final double LEAST_SIGMOID = 1e-7;

    private Answers() {}

    /**
     * Make logits.
     *
     * @param answer rows×classes
     * @param classes how many are expected; 0 for any number
     * @param said what the answer holds
     * @return rows×classes; two of them where the teacher gives a single output
     * @throws LimbeckException if it is of another shape, not finite, or not what is said of it
     */
    static Tensor logits(Tensor answer, String name, long rows, int classes, TeacherOutput said) {
        Tensor table = table(answer, name, rows, classes);
        float[] values = finite(table, name);
        int width = Math.toIntExact(table.size(1));
        if (width == 1) return two(values, name, said);
        check(values, width, name, said);
        return switch (said) {
            case LOGITS, LOG_PROBABILITIES -> table;
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
        return Ops.atLeast(probabilities, LEAST).log();
    }

    /** Return an answer as rows×outputs: sizes of 1 behind them are left out, and a row may be a single number. */
    static Tensor table(Tensor answer, String name, long rows, int classes) {
        if (!DType.of(answer).isFloatingPoint()) {
            throw new LimbeckException("teacher " + name + " gives whole numbers ("
                    + DType.of(answer).name().toLowerCase(Locale.ROOT)
                    + "), such as those of the winning classes; save it with its logits or probabilities as output");
        }
        long[] shape = answer.shape();
        Tensor table = answer;
        boolean flat = shape.length > 2;
        for (int i = 2; i < shape.length; i++) flat &= shape[i] == 1;
        if (flat) table = answer.reshape(shape[0], shape[1]);
        else if (shape.length == 1 && shape[0] == rows) table = answer.reshape(rows, 1);
        boolean fits = table.dim() == 2 && table.size(0) == rows;
        if (fits && (classes == 0 || table.size(1) == classes || (table.size(1) == 1 && classes == 2))) return table;
        boolean transposed = table.dim() == 2
                && table.size(1) == rows
                && table.size(0) != rows
                && (classes == 0 || table.size(0) == classes);
        throw new LimbeckException("teacher " + name + " must give " + rows + "×"
                + (classes == 0 ? "classes" : classes) + " numbers, found " + Tensors.shapeText(shape)
                + (fits ? "; choose a teacher of the data's classes" : "")
                + (transposed ? "; its output is transposed, save it with a row for each image" : ""));
    }

    /** Return the numbers of an answer, all of them finite. */
    static float[] finite(Tensor table, String name) {
        float[] values = Tensors.toFloats(table);
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new LimbeckException("teacher " + name + " gave " + value + "; look at what it computes");
            }
        }
        return values;
    }

    /** Make two classes of one output. */
    private static Tensor two(float[] values, String name, TeacherOutput said) {
        if (said != TeacherOutput.LOGITS && said != TeacherOutput.SIGMOID) {
            throw new LimbeckException("teacher " + name + " gives one number for each row, which is no " + said.words()
                    + "; say that its output is sigmoid (from 0 to 1) or logits");
        }
        check(values, 1, name, said);
        float[] both = new float[2 * values.length];
        for (int i = 0; i < values.length; i++) {
            both[2 * i + 1] = said == TeacherOutput.SIGMOID ? logOdds(values[i]) : values[i];
        }
        return Tensors.of(both, values.length, 2);
    }

    private static void check(float[] values, int width, String name, TeacherOutput said) {
        if (TeacherOutput.fit(values, width, said)) return;
        String expected = switch (said) {
            case LOGITS -> "logits";
            case PROBABILITIES -> "probabilities, rows of numbers from 0 to 1 with the sum 1";
            case TOP_CLASSES -> "probabilities, rows of numbers from 0 to 1 with a sum of at most 1";
            case PERCENT -> "probabilities in percent, rows of numbers from 0 to 100 with the sum 100";
            case LOG_PROBABILITIES -> "logarithms of probabilities, numbers up to 0";
            case SIGMOID -> "sigmoids, numbers from 0 to 1";
        };
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        throw new LimbeckException("teacher " + name + " must give " + expected + ", found "
                + (seen == TeacherOutput.LOGITS
                        ? "others; say that it gives logits"
                        : "what looks like " + seen.words() + "; say that its output is " + seen.key()));
    }

    /**
     * Find out what a teacher gives by answers to rows from all over a split.
     *
     * @param answer rows×outputs
     * @param said what its user or its file says; null for nothing
     * @throws LimbeckException in a line that says what to do, if nothing is said and it is not clear, or what is said would
     *     be wrong without anything that shows it later
     */
    static TeacherOutput found(float[] values, int width, String name, @Nullable TeacherOutput said) {
        if (said == TeacherOutput.SIGMOID
                && width > 1
                && TeacherOutput.fit(values, width, TeacherOutput.PROBABILITIES)) {
            throw new LimbeckException(
                    "teacher " + name + " must give sigmoids, found rows that add up to 1, as those of "
                            + "a softmax do; say that its output is probabilities");
        }
        if (said != null) return said;
        String todo = " (--teacher-output or --model-output, output in a recipe)";
        if (TeacherOutput.areClassNumbers(values) && width == 1) {
            throw new LimbeckException(
                    "teacher " + name + " gives one whole number for each row, as if it were that of the "
                            + "winning class; save it with its logits or probabilities as output");
        }
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        if (width == 1) {
            throw new LimbeckException("teacher " + name + " gives one number for each row, "
                    + (seen == TeacherOutput.SIGMOID ? "from 0 to 1 as a sigmoid does" : "not always from 0 to 1")
                    + "; say that its output is " + (seen == TeacherOutput.SIGMOID ? "sigmoid or logits" : "logits")
                    + todo
                    + ", and it becomes two classes, the second of which it speaks for");
        }
        if (TeacherOutput.isOneHot(values, width)) {
            throw new LimbeckException(
                    "teacher " + name + " gives 1 for one class and 0 for all others, which tells the "
                            + "winner and nothing more; save it with its logits or probabilities as output, or, if it is that "
                            + "sure, say that its output is probabilities" + todo);
        }
        if (seen == TeacherOutput.SIGMOID) {
            throw new LimbeckException("teacher " + name + " gives numbers from 0 to 1 whose rows do not add up to 1, "
                    + "which look like sigmoids; say that its output is sigmoid, or logits if it is" + todo);
        }
        if (seen == TeacherOutput.PERCENT) {
            throw new LimbeckException("teacher " + name + " gives rows that add up to 100, which look like "
                    + "probabilities in percent; say that its output is percent, or logits if it is" + todo);
        }
        return seen;
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
