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

/** Hold the state of one call of fit. Callbacks read and change it. */
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
        throw new IllegalStateException("a snapshot is only possible during a fit");
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

    /** Return the requested number of epochs. */
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

    /** Return the number of optimizer steps so far. */
    public int optimizerSteps() {
        return optimizerSteps;
    }

    void countOptimizerStep() {
        optimizerSteps++;
    }

    /** Return the number of optimizer steps of this fit, without early stopping and skipped batches. */
    public int plannedOptimizerSteps() {
        return epochs * ((batchesPerEpoch + accumulation - 1) / accumulation);
    }

    /** Return the number of batches per optimizer step. */
    public int accumulation() {
        return accumulation;
    }

    /** Accumulate the gradients of several batches per optimizer step. Call this before the first batch. */
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

    /** Return the momentum of the next step. NaN keeps the optimizer's own. */
    public double momentum() {
        return momentum;
    }

    public void setMomentum(double momentum) {
        this.momentum = momentum;
    }

    /** Stop after the current epoch. The reason is stored in the run record. */
    public void stop(String reason) {
        stopReason = reason;
    }

    /** Return why training stopped early, or null. */
    public @Nullable String stopReason() {
        return stopReason;
    }

    /** Return the validation result of the current epoch, or null before validation or without a validation split. */
    public @Nullable EvaluationResult validation() {
        return validation;
    }

    void setValidation(@Nullable EvaluationResult validation) {
        this.validation = validation;
    }

    /** Log a value for the current epoch beside the task's metrics, such as the agreement with a teacher. */
    public void log(String name, double value) {
        notes.put(name, value);
    }

    Map<String, Double> drainMetrics() {
        Map<String, Double> taken = new LinkedHashMap<>(notes);
        notes.clear();
        return taken;
    }

    /** Return the rows of the finished epochs. */
    public List<EpochRecord> history() {
        return Collections.unmodifiableList(history);
    }

    /** Return the complete training state, to be written to a file. The caller closes it. */
    StateDict snapshot(Map<String, String> facts) {
        return snapshot.apply(facts);
    }

    void onSnapshot(Function<Map<String, String>, StateDict> taken) {
        snapshot = taken;
    }

    /** Restore the position of an interrupted fit. */
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
