package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stop training when a validation metric has not improved for {@code patience} epochs. An epoch where the metric has no value, such as a
 * correlation of constant outputs, is one without improvement. The first of them is logged.
 */
public final class EarlyStopping implements Callback {
    private static final Logger LOG = LoggerFactory.getLogger(EarlyStopping.class);
    static final String REMEDY = "validate on more rows, or choose another metric";

    private final @Nullable String named;
    private final int patience;
    private @Nullable Metric metric;
    private double best = Double.NEGATIVE_INFINITY;
    private int since;
    private boolean warned;

    /** Watch the main metric of the task; see {@link #EarlyStopping(String, int)}. */
    public EarlyStopping(int patience) {
        this(null, patience);
    }

    /**
     * Watch a metric.
     *
     * @param metric name of a metric that the learner computes; null for the first one
     * @param patience number of epochs without a new best before training stops, at least 1
     */
    public EarlyStopping(@Nullable String metric, int patience) {
        named = metric;
        this.patience = Settings.atLeast(1, "patience", patience);
    }

    @Override
    public boolean inDryRuns() {
        return false;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        metric = requireMetric(fit, named, "early stopping");
        best = Double.NEGATIVE_INFINITY;
        since = 0;
        warned = false;
    }

    /**
     * Find a metric, and check that it will exist: a validation split, targets in it, and a metric that the learner
     * computes.
     *
     * @param named its name; null for the learner's first metric
     */
    static Metric requireMetric(TrainingContext fit, @Nullable String named, String who) {
        if (!fit.data().has(Split.VALID)) throw new LimbeckException(who + " needs a validation split");
        if (fit.data().targets(Split.VALID).known() == 0) {
            throw new LimbeckException(who + " needs labels, but no row of the validation split has one");
        }
        List<Metric> all = fit.metrics();
        if (named == null) {
            if (all.isEmpty()) throw new LimbeckException(who + " needs a metric; set one (metrics)");
            return all.get(0);
        }
        return all.stream()
                .filter(metric -> metric.name().equals(named))
                .findFirst()
                .orElseThrow(() -> Names.unknown(
                        "metric", named, all.stream().map(Metric::name).toList()));
    }

    static String noValue(Metric metric) {
        return metric.name() + " has no value (NaN)";
    }

    /** Return a metric's value, with the sign that makes larger values better. */
    static double rank(Metric metric, EvaluationResult validation) {
        double value = validation.metric(metric.name());
        return metric.higherIsBetter() ? value : -value;
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        EvaluationResult validation = fit.validation();
        Metric watched = metric;
        if (validation == null || watched == null) return;
        double value = rank(watched, validation);
        if (Double.isNaN(value) && !warned) {
            warned = true;
            LOG.warn(noValue(watched) + " after epoch " + fit.epoch() + "; training stops after " + patience
                    + " such epochs; " + REMEDY);
        }
        if (value > best) {
            best = value;
            since = 0;
        } else if (++since >= patience) {
            String what = best == Double.NEGATIVE_INFINITY ? noValue(watched) : watched.name() + " has not improved";
            fit.stop(what + " for " + patience + " epochs");
        }
    }

    @Override
    public String stateName() {
        return "EarlyStopping";
    }

    @Override
    public StateDict state() {
        StateDict state = new StateDict();
        state.metadata().put("best", Double.toString(best));
        state.metadata().put("since", Integer.toString(since));
        return state;
    }

    @Override
    public void restore(StateDict state) {
        best = Double.parseDouble(state.metadata().get("best"));
        since = Integer.parseInt(state.metadata().get("since"));
    }
}
