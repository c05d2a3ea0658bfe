package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Turn inputs normalised for the student into inputs normalised for the teacher: one multiplication and one addition a
 * channel, exact up to rounding.
 */
record InputChange(float @Nullable [] scale, float @Nullable [] shift) {
    private static final InputChange NONE = new InputChange(null, null);

    /** Compare how two models' inputs are prepared; an empty description means as the data is. */
    static InputChange between(Map<String, String> student, Map<String, String> teacher, String name) {
        String wanted = teacher.get("image_size");
        String given = student.get("image_size");
        if (wanted != null && given != null && !wanted.equals(given)) {
            throw new LimbeckException("teacher " + name + " was trained on images of " + wanted + ", the data gives "
                    + given + "; choose the teacher's image size");
        }
        double[] teacherMean = numbers(teacher.get("mean"));
        double[] teacherStd = numbers(teacher.get("std"));
        double[] mean = numbers(student.get("mean"));
        double[] std = numbers(student.get("std"));
        if (teacherMean == null || teacherStd == null || mean == null || std == null) return NONE;
        if (Arrays.equals(teacherMean, mean) && Arrays.equals(teacherStd, std)) return NONE;
        float[] scale = new float[mean.length];
        float[] shift = new float[mean.length];
        for (int c = 0; c < mean.length; c++) {
            scale[c] = (float) (std[c] / teacherStd[c]);
            shift[c] = (float) ((mean[c] - teacherMean[c]) / teacherStd[c]);
        }
        return new InputChange(scale, shift);
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

    private static double @Nullable [] numbers(@Nullable String list) {
        if (list == null) return null;
        return Arrays.stream(list.split(",")).mapToDouble(Double::parseDouble).toArray();
    }
}
