package dev.limbeck.train;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keep the weights of the epoch whose validation is best by the learner's first metric, over all fits of the same network. On a tie, the
 * earlier epoch wins. If the metric has
 * no value in any epoch, there are none, and a warning is logged. Close it to free the weights.
 */
public final class BestEpoch implements Callback, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BestEpoch.class);

    private @Nullable Metric metric;
    private @Nullable Module model;
    private @Nullable StateDict weights;
    private double best;
    private int epoch;

    @Override
    public boolean inDryRuns() {
        return false;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        metric = EarlyStopping.requireMetric(fit, null, "the best epoch");
        if (fit.model() == model) return;
        model = fit.model();
        close();
        best = Double.NEGATIVE_INFINITY;
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        EvaluationResult validation = fit.validation();
        Metric watched = metric;
        if (validation == null || watched == null) return;
        double value = EarlyStopping.rank(watched, validation);
        if (!(value > best)) return;
        best = value;
        epoch = fit.wholeHistory().size();
        close();
        weights = fit.model().stateDict();
    }

    @Override
    public void afterFit(TrainingContext fit) {
        if (metric == null || weights != null || fit.history().isEmpty()) return;
        LOG.warn(EarlyStopping.noValue(metric) + " in any epoch, so none is the best; " + EarlyStopping.REMEDY);
    }

    @Override
    public String stateName() {
        return "BestEpoch";
    }

    @Override
    public StateDict state() {
        if (weights == null) return new StateDict();
        StateDict state = weights.copy();
        state.metadata().put("best", Double.toString(best));
        state.metadata().put("epoch", Integer.toString(epoch));
        return state;
    }

    @Override
    public void restore(StateDict state) {
        close();
        best = Double.parseDouble(state.metadata().get("best"));
        epoch = Integer.parseInt(state.metadata().get("epoch"));
        weights = state.take("");
    }

    /** Return the best epoch, counted from 0 over all fits of the learner. */
    public int epoch() {
        return epoch;
    }

    /** Return the best weights, or null before the first epoch. This object keeps ownership. */
    public @Nullable StateDict weights() {
        return weights;
    }

    @Override
    public void close() {
        if (weights != null) weights.close();
        weights = null;
    }
}
