package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Convert inputs from the student's normalization to the teacher's: one multiplication and one addition per channel,
 * exact up to rounding.
 */
record Renormalize(float @Nullable [] scale, float @Nullable [] shift) {
    private static final String MEAN = "mean";
    private static final String STD = "std";
    private static final List<String> NORMALISATION = List.of(MEAN, STD);
    static final Renormalize NONE = new Renormalize(null, null);

    /** Create the conversion between two normalizations. An empty map means the data's own. */
    static Renormalize between(Map<String, String> student, Map<String, String> teacher, ModelName who) {
        if (!student.keySet().containsAll(NORMALISATION) || !teacher.keySet().containsAll(NORMALISATION)) return NONE;
        double[] mean = numbers(student.get(MEAN));
        double[] std = numbers(student.get(STD));
        double[] teacherMean = numbers(teacher.get(MEAN));
        double[] teacherStd = numbers(teacher.get(STD));
        boolean usable = Arrays.stream(teacherMean).allMatch(Double::isFinite)
                && Arrays.stream(teacherStd).allMatch(one -> one > 0 && Double.isFinite(one));
        if (!usable
                || teacherMean.length != mean.length
                || teacherStd.length != std.length
                || std.length != mean.length) {
            throw new LimbeckException(who + " has inputs with mean '" + teacher.get(MEAN)
                    + "' and std '" + teacher.get(STD) + "'; expected " + mean.length
                    + " finite numbers each, one per channel, std above 0");
        }
        if (Arrays.equals(teacherMean, mean) && Arrays.equals(teacherStd, std)) return NONE;
        float[] scale = new float[mean.length];
        float[] shift = new float[mean.length];
        for (int c = 0; c < mean.length; c++) {
            scale[c] = (float) (std[c] / teacherStd[c]);
            shift[c] = (float) ((mean[c] - teacherMean[c]) / teacherStd[c]);
        }
        return new Renormalize(scale, shift);
    }

    Tensor apply(Tensor input) {
        float[] factors = scale;
        float[] offsets = shift;
        if (factors == null || offsets == null) return input;
        return Ops.scaleAndShift(
                input,
                Tensors.to(Tensors.of(factors, 1, factors.length, 1, 1), input.device()),
                Tensors.to(Tensors.of(offsets, 1, offsets.length, 1, 1), input.device()));
    }

    /** Parse numbers between commas. Return an empty array if any part is not a number. */
    private static double[] numbers(@Nullable String list) {
        if (list == null) return new double[0];
        try {
            return Arrays.stream(list.split(","))
                    .mapToDouble(Double::parseDouble)
                    .toArray();
        } catch (NumberFormatException e) {
            return new double[0];
        }
    }
}
