package dev.limbeck.train;

import dev.limbeck.Settings;

/**
 * Accumulate the gradients of several batches for one optimizer step. A step takes the mean of the batches' gradients. It equals
 * one batch of the combined size if the batches have equally many known targets and equal sums of class weights, and except for batch norms and
 * for losses that compare the rows of a batch. With unlabeled rows, a row counts more in a batch with fewer labels.
 */
public final class GradientAccumulation implements Callback {
    private final int batches;

    public GradientAccumulation(int batches) {
        this.batches = Settings.atLeast(1, "accumulated batches", batches);
    }

    int batches() {
        return batches;
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
