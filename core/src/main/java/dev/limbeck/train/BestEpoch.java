package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import org.jspecify.annotations.Nullable;

/**
 * Remember the weights of the epoch with the best validation accuracy, the first of equals. Close it to free them.
 */
public final class BestEpoch implements Callback, AutoCloseable {
    private static final String METRIC = "accuracy";

    private @Nullable StateDict weights;
    private double best;
    private int epoch;

    @Override
    public void beforeFit(Fit fit) {
        if (!fit.data().has(Split.VALID)) throw new LimbeckException("the best epoch needs a validation split");
        close();
        best = Double.NEGATIVE_INFINITY;
    }

    @Override
    public void afterValidate(Fit fit) {
        Validation validation = fit.validation();
        if (validation == null || !(validation.metric(METRIC) > best)) return;
        best = validation.metric(METRIC);
        epoch = fit.epoch();
        close();
        weights = fit.model().stateDict();
    }

    /** Return the epoch, from 0. */
    public int epoch() {
        return epoch;
    }

    /** Return the weights, still owned by this; null before the first epoch. */
    public @Nullable StateDict weights() {
        return weights;
    }

    @Override
    public void close() {
        if (weights != null) weights.close();
        weights = null;
    }
}
