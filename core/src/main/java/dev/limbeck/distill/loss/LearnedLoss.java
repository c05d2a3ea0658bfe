package dev.limbeck.distill.loss;

import dev.limbeck.nn.Module;
import org.bytedeco.pytorch.Tensor;

/** Base class of feature losses with own layers, parameters or memory banks, stored like those of any module. */
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
