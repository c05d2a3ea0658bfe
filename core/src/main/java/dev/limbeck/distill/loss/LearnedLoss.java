package dev.limbeck.distill.loss;

import dev.limbeck.nn.Module;
import org.bytedeco.pytorch.Tensor;

/** Compute a feature loss with layers, parameters or memories of its own, which are kept as those of any module. */
abstract class LearnedLoss extends Module implements FeatureLoss.Bound {
    @Override
    public final Module learned() {
        return this;
    }

    @Override
    protected final Tensor forward(Tensor input) {
        throw new IllegalStateException(getClass().getSimpleName() + " compares features; call rows");
    }
}
