package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.tensor.Ops;

/**
 * Clip the gradients of a step to a global L2 norm, as {@code torch.nn.utils.clip_grad_norm_} does: one norm of all tensors that the
 * optimizer trains, also of adapters and of students that are trained along.
 */
public final class GradientClip implements Callback {
    private final double maxNorm;

    public GradientClip(double maxNorm) {
        this.maxNorm = Settings.positive("gradient norm", maxNorm);
    }

    @Override
    public void beforeStep(TrainStep step) {
        Ops.clipGradNorm(step.fit().trained(), maxNorm);
    }
}
