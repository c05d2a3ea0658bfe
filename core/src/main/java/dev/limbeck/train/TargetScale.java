package dev.limbeck.train;

import dev.limbeck.Task;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Convert a regression's outputs to the scale of other targets. Each scale is in standard deviations from its own mean. */
public final class TargetScale {
    private final float[] factors;
    private final float[] offsets;

    private TargetScale(Task.Regression from, Task.Regression to) {
        int targets = to.outputs();
        factors = new float[targets];
        offsets = new float[targets];
        for (int i = 0; i < targets; i++) {
            factors[i] = (float) (from.deviations().get(i) / to.deviations().get(i));
            offsets[i] = (float) to.standardized(i, from.means().get(i));
        }
    }

    /** Return the conversion from one task's outputs to another's; null if there is nothing to convert. */
    public static @Nullable TargetScale between(Task from, Task to) {
        if (!(from instanceof Task.Regression own) || !(to instanceof Task.Regression other)) return null;
        boolean same = own.means().equals(other.means()) && own.deviations().equals(other.deviations());
        return same || own.outputs() != other.outputs() ? null : new TargetScale(own, other);
    }

    /** Convert outputs, rows×targets. */
    public Tensor apply(Tensor outputs) {
        return outputs.mul(row(factors, outputs)).add(row(offsets, outputs));
    }

    private static Tensor row(float[] values, Tensor like) {
        return Tensors.to(Tensors.of(values, 1, values.length), like.device());
    }

    /** Return each target's factor and offset. */
    @Override
    public String toString() {
        return IntStream.range(0, factors.length)
                .mapToObj(i -> List.of(factors[i], offsets[i]))
                .toList()
                .toString();
    }
}
