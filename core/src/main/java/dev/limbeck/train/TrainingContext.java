package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Hold the state of one call of fit, which callbacks read and steer. */
public final class TrainingContext {
    private final Learner learner;
    private final int epochs;
    private final int batchesPerEpoch;
    private final List<EpochRecord> history = new ArrayList<>();
    private final Map<String, Double> notes = new LinkedHashMap<>();
    private int epoch;
    private int optimizerSteps;
    private int accumulation = 1;
    private double lr;
    private double momentum = Double.NaN;
    private @Nullable String stopReason;
    private @Nullable EvaluationResult validation;
    private Function<Map<String, String>, StateDict> snapshot = facts -> {
        throw new IllegalStateException("a snapshot can be taken during a fit only");
    };

    TrainingContext(Learner learner, int epochs, int batchesPerEpoch, double rate) {
        this.learner = learner;
        this.epochs = epochs;
        this.batchesPerEpoch = batchesPerEpoch;
        this.lr = rate;
    }

    public Learner learner() {
        return learner;
    }

    public Module model() {
        return learner.model();
    }

    public Data data() {
        return learner.data();
    }

    /** Return how many epochs were asked for. */
    public int epochs() {
        return epochs;
    }

    /** Return the current epoch, from 0. */
    public int epoch() {
        return epoch;
    }

    void setEpoch(int epoch) {
        this.epoch = epoch;
    }

    public int batchesPerEpoch() {
        return batchesPerEpoch;
    }

    /** Return how many optimizer steps were taken so far. */
    public int optimizerSteps() {
        return optimizerSteps;
    }

    void countOptimizerStep() {
        optimizerSteps++;
    }

    /** Return how many optimizer steps this fit takes if nothing stops it or skips a batch. */
    public int plannedOptimizerSteps() {
        return epochs * ((batchesPerEpoch + accumulation - 1) / accumulation);
    }

    /** Return how many batches' gradients make one optimizer step. */
    public int accumulation() {
        return accumulation;
    }

    /** Let the gradients of several batches make one optimizer step; to be called before the first batch. */
    public void setAccumulation(int batches) {
        accumulation = batches;
    }

    /** Return the learning rate of the next step. */
    public double lr() {
        return lr;
    }

    public void setLr(double rate) {
        this.lr = rate;
    }

    /** Return what replaces the optimizer's momentum in the next step; NaN leaves it. */
    public double momentum() {
        return momentum;
    }

    public void setMomentum(double momentum) {
        this.momentum = momentum;
    }

    /** Stop after the current epoch, for a reason that the record shows. */
    public void stop(String reason) {
        stopReason = reason;
    }

    /** Return why training was stopped early, or null. */
    public @Nullable String stopReason() {
        return stopReason;
    }

    /** Return the validation of the current epoch, or null if there is none (yet). */
    public @Nullable EvaluationResult validation() {
        return validation;
    }

    void setValidation(@Nullable EvaluationResult validation) {
        this.validation = validation;
    }

    /** Note a value beside the task's metrics for the current epoch, such as the agreement with a teacher. */
    public void log(String name, double value) {
        notes.put(name, value);
    }

    Map<String, Double> drainMetrics() {
        Map<String, Double> taken = new LinkedHashMap<>(notes);
        notes.clear();
        return taken;
    }

    /** Return the rows of the epochs that are done. */
    public List<EpochRecord> history() {
        return Collections.unmodifiableList(history);
    }

    /** Return all that this training depends on, to be written to a file; the caller closes it. */
    StateDict snapshot(Map<String, String> facts) {
        return snapshot.apply(facts);
    }

    void onSnapshot(Function<Map<String, String>, StateDict> taken) {
        snapshot = taken;
    }

    /** Go on where an interrupted fit stood. */
    void resume(TrainingState.Position position) {
        history.addAll(position.history().get(position.fit() - 1));
        epoch = history.size();
        optimizerSteps = position.optimizerSteps();
        lr = position.rate();
        momentum = position.momentum();
        stopReason = position.stopped();
    }

    void add(EpochRecord epochRecord) {
        history.add(epochRecord);
    }
}
