package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Check what a teacher that is not ours answers, and make logits of it. */
final class OutputAdapter {
    /** The least probability: its logarithm is finite, and at no usual temperature does a class come out likelier for it. */
    private static final double LEAST = 1e-12;

    /** What Keras takes for the least probability when it makes logits of sigmoids. */
    private static final double LEAST_SIGMOID = 1e-7;

    private OutputAdapter() {}

    /**
     * Make logits.
     *
     * @param answer rows×classes
     * @param classes how many are expected; 0 for any number
     * @param said what the answer holds
     * @return rows×classes; two of them where the teacher gives a single output
     * @throws LimbeckException if it is of another shape, not finite, or not what is said of it
     */
    static Tensor logits(Tensor answer, ModelName who, long rows, int classes, TeacherOutput said) {
        Tensor table = table(answer, who, rows, classes);
        float[] values = finite(table, who);
        int width = Math.toIntExact(table.size(1));
        if (width == 1) return two(values, who, said);
        check(values, width, who, said);
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
        return Ops.clampMin(probabilities, LEAST).log();
    }

    /** Return an answer as rows×outputs: sizes of 1 behind them are left out, and a row may be a single number. */
    static Tensor table(Tensor answer, ModelName who, long rows, int classes) {
        if (!DType.of(answer).isFloatingPoint()) {
            throw new LimbeckException(who + " gives whole numbers ("
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
        throw new LimbeckException(who + " must give " + rows + "×"
                + (classes == 0 ? "classes" : classes) + " numbers, found " + Tensors.shapeText(shape)
                + (fits
                        ? "; name as many classes as it has outputs, or choose a "
                                + who.role().noun() + " of the data's classes"
                        : "")
                + (transposed ? "; its output is transposed, save it with a row for each image" : ""));
    }

    /** Return the numbers of an answer, all of them finite. */
    static float[] finite(Tensor table, ModelName who) {
        float[] values = Tensors.toFloats(table);
        int bad = 0;
        for (float value : values) {
            if (!Float.isFinite(value)) bad++;
        }
        if (bad == 0) return values;
        throw new LimbeckException(who + " must give finite numbers, found " + bad + " of " + values.length
                + " NaN or infinite; look at its weights and at how its images are prepared");
    }

    /** Make two classes of one output. */
    private static Tensor two(float[] values, ModelName who, TeacherOutput said) {
        if (said != TeacherOutput.LOGITS && said != TeacherOutput.SIGMOID) {
            throw new LimbeckException(who + " gives one number for each row, which cannot be " + said.words()
                    + "; say what it is: " + who.role().output(TeacherOutput.SIGMOID.key()) + " (from 0 to 1) or "
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
            case PROBABILITIES -> "probabilities, rows of numbers from 0 to 1 with the sum 1";
            case TOP_CLASSES -> "probabilities, rows of numbers from 0 to 1 with a sum of at most 1";
            case PERCENT -> "probabilities in percent, rows of numbers from 0 to 100 with the sum 100";
            case LOG_PROBABILITIES -> "logarithms of probabilities, numbers up to 0";
            case SIGMOID -> "sigmoids, numbers from 0 to 1";
        };
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        throw new LimbeckException(who + " must give " + expected + ", found "
                + (seen == TeacherOutput.LOGITS ? "others" : "what looks like " + seen.words())
                + "; say so: " + who.role().output(seen.key()));
    }

    /**
     * Find out what a teacher gives by answers to rows from all over a split.
     *
     * @param answer rows×outputs
     * @param said what its user or its file says; null for nothing
     * @throws LimbeckException in a line that says what to do, if nothing is said and it is not clear, or what is said would
     *     be wrong without anything that shows it later
     */
    static TeacherOutput found(float[] values, int width, ModelName who, @Nullable TeacherOutput said) {
        ModelRole role = who.role();
        if (said == TeacherOutput.SIGMOID
                && width > 1
                && TeacherOutput.fit(values, width, TeacherOutput.PROBABILITIES)) {
            throw new LimbeckException(
                    who + " must give sigmoids, found rows that add up to 1, as those of a softmax do; " + "say so: "
                            + role.output(TeacherOutput.PROBABILITIES.key()));
        }
        if (said != null) return said;
        if (TeacherOutput.areClassNumbers(values) && width == 1) {
            throw new LimbeckException(who + " gives one whole number for each row, as if it were that of the "
                    + "winning class; save it with its logits or probabilities as output");
        }
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        String orLogits = " or " + role.output(TeacherOutput.LOGITS.key()) + " (in a recipe output)";
        if (width == 1) {
            boolean unit = seen == TeacherOutput.SIGMOID;
            throw new LimbeckException(who + " gives one number for each row, "
                    + (unit ? "from 0 to 1 as a sigmoid does" : "not always from 0 to 1")
                    + "; say what it is: "
                    + (unit
                            ? role.output(TeacherOutput.SIGMOID.key()) + orLogits
                            : role.output(TeacherOutput.LOGITS.key()) + " (in a recipe output)")
                    + ", and it becomes two classes, the second of which it speaks for");
        }
        if (TeacherOutput.isOneHot(values, width)) {
            throw new LimbeckException(who + " gives 1 for one class and 0 for all others, which tells the "
                    + "winner and nothing more; save it with its logits or probabilities as output, or, if it is that "
                    + "sure, say so: " + role.output(TeacherOutput.PROBABILITIES.key()) + " (in a recipe output)");
        }
        if (seen == TeacherOutput.TOP_CLASSES) {
            throw new LimbeckException(who
                    + " gives numbers from 0 to 1, some of each row 0, whose rows add up to less than 1, "
                    + "which look like " + seen.words() + " or like sigmoids; say what they are: "
                    + role.output(seen.key())
                    + ", " + role.output(TeacherOutput.SIGMOID.key()) + orLogits);
        }
        if (seen == TeacherOutput.SIGMOID) {
            throw new LimbeckException(who + " gives numbers from 0 to 1 whose rows do not add up to 1, "
                    + "which look like sigmoids; say what they are: " + role.output(seen.key()) + orLogits);
        }
        if (seen == TeacherOutput.PERCENT) {
            throw new LimbeckException(who + " gives rows that add up to 100, which look like "
                    + "probabilities in percent; say what they are: " + role.output(seen.key()) + orLogits);
        }
        return seen;
    }

    /**
     * Doubt that numbers are logits if they look like something else, as probabilities are often taken for logits.
     *
     * @return a line about it; null if nothing speaks against it
     */
    static @Nullable String doubt(float[] values, int width, ModelName who) {
        TeacherOutput seen = TeacherOutput.seenIn(values, width);
        return switch (seen) {
            case PROBABILITIES, PERCENT, SIGMOID, TOP_CLASSES ->
                who + " gives what looks like " + seen.words()
                        + ", and is taken to give logits; unless it does, say so: "
                        + who.role().output(seen.key());
            case LOGITS, LOG_PROBABILITIES -> null;
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
