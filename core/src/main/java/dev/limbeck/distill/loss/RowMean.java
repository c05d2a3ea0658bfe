package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Take the mean of values that belong to rows. */
public final class RowMean {
    private static final double TINY = 1e-30;

    private RowMean() {}

    /** Return Σ weight·value / Σ weight, 0 if all weights are; the plain mean without weights. */
    public static Tensor of(Tensor values, @Nullable Tensor weights) {
        if (weights == null) return values.dim() == 0 ? values : values.mean();
        if (values.dim() == 0) {
            throw new IllegalArgumentException("a loss that gives one value for all rows can't weigh them");
        }
        return values.mul(weights).sum().div(Ops.clampMin(weights.sum(), TINY));
    }
}
