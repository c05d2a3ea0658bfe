package dev.limbeck.train;

import dev.limbeck.Settings;
import dev.limbeck.tensor.Ops;

/** Scale the gradients of a step down to a joint L2 norm. */
public final class GradientClip implements Callback {
    private final double maxNorm;

    public GradientClip(double maxNorm) {
        this.maxNorm = Settings.positive("gradient norm", maxNorm);
    }

    @Override
    public void beforeStep(TrainStep step) {
        Ops.clipGradNorm(step.fit().model().parameters().values(), maxNorm);
    }
}
