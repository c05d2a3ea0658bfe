package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compute means over rows. */
public final class RowMean {
    private static final double TINY = 1e-30;

    private RowMean() {}

    /** Return Σ weight·value / Σ weight; 0 if all weights are 0; the plain mean without weights. */
    public static Tensor of(Tensor values, @Nullable Tensor weights) {
        if (weights == null) return values.dim() == 0 ? values : values.mean();
        if (values.dim() == 0) {
            throw new IllegalArgumentException("a loss with one value for all rows does not support weights");
        }
        return values.mul(weights).sum().div(Ops.clampMin(weights.sum(), TINY));
    }
}
