package dev.limbeck.train;

import dev.limbeck.Settings;

/** Let several batches make one optimizer step, as one batch of their joint size would (but for batch norms). */
public final class GradientAccumulation implements Callback {
    private final int batches;

    public GradientAccumulation(int batches) {
        this.batches = Settings.atLeast(1, "accumulated batches", batches);
    }

    @Override
    public int order() {
        return Integer.MIN_VALUE; // schedules ask for the number of steps that follows from it
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        fit.setAccumulation(batches);
    }
}
