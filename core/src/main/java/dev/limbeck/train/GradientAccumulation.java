package dev.limbeck.train;

import dev.limbeck.Settings;

/**
 * Accumulate the gradients of several batches for one optimizer step. The result equals one batch of the combined size,
 * except for batch norms.
 */
public final class GradientAccumulation implements Callback {
    private final int batches;

    public GradientAccumulation(int batches) {
        this.batches = Settings.atLeast(1, "accumulated batches", batches);
    }

    @Override
    public int order() {
        return Integer.MIN_VALUE; // schedules read the number of steps, which depends on it
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        fit.setAccumulation(batches);
    }
}
