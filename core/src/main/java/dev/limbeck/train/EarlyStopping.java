package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import java.util.List;
import java.util.stream.IntStream;

/** Stop training when a validation metric has not risen for {@code patience} epochs. */
public final class EarlyStopping implements Callback {
    private final String metric;
    private final int patience;
    private double best = Double.NEGATIVE_INFINITY;
    private int since;

    /**
     * Watch a metric.
     *
     * @param metric name of a metric where larger is better
     * @param patience number of epochs without a new best before training stops, at least 1
     */
    public EarlyStopping(String metric, int patience) {
        this.metric = metric;
        this.patience = Settings.atLeast(1, "patience", patience);
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        requireMetric(fit, metric, "early stopping");
        best = Double.NEGATIVE_INFINITY;
        since = 0;
    }

    /** Check that the metric will exist: a validation split, labels in it, and a metric that the learner computes. */
    static void requireMetric(TrainingContext fit, String metric, String who) {
        if (!fit.data().has(Split.VALID)) throw new LimbeckException(who + " needs a validation split");
        if (IntStream.of(fit.data().labels(Split.VALID)).allMatch(label -> label < 0)) {
            throw new LimbeckException(who + " needs labels, but no row of the validation split has one");
        }
        List<String> known = fit.learner().metrics().stream().map(Metric::name).toList();
        if (!known.contains(metric)) throw Names.unknown("metric", metric, known);
    }

    @Override
    public void afterValidate(TrainingContext fit) {
        EvaluationResult validation = fit.validation();
        if (validation == null) return;
        double value = validation.metric(metric);
        if (value > best) {
            best = value;
            since = 0;
        } else if (++since >= patience) {
            fit.stop(metric + " has not risen for " + patience + " epochs");
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
