package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Precision;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Hold the state of one call of fit. Callbacks read and change it. */
public final class TrainingContext {
    /** The first epoch of a program takes longer, and other work on the machine comes and goes. */
    private static final int EPOCHS_OF_ESTIMATE = 5;

    private final Training what;
    private final Data data;
    private final List<List<EpochRecord>> allFits;
    private final int epochs;
    private final FitPhase phase;
    private final int batchesPerEpoch;
    /** Whether the number of batches per step is given by the fit that is resumed. */
    private final boolean keepsAccumulation;

    private final List<EpochRecord> history = new ArrayList<>();
    private final Map<String, Double> notes = new LinkedHashMap<>();
    private Collection<Tensor> trained = List.of();
    private int epoch;
    private int optimizerSteps;
    private int accumulation;
    private double lr;
    private double momentum = Double.NaN;
    private boolean dryRun;
    private @Nullable String stopReason;
    private @Nullable EvaluationResult validation;
    private Function<Map<String, String>, StateDict> snapshot = facts -> {
        throw new IllegalStateException("a snapshot is only possible during a fit");
    };

    /**
     * Begin a fit.
     *
     * @param data the rows as this fit sees them
     * @param allFits rows of all fits of the model, to which this fit adds its own
     * @param phase the place of this fit in a training of several
     * @param batches how the fit that is resumed shared its batches; null to let callbacks choose how many make a step
     */
    TrainingContext(
            Training what,
            Data data,
            List<List<EpochRecord>> allFits,
            int epochs,
            FitPhase phase,
            int batchesPerEpoch,
            FitPosition.@Nullable Batches batches,
            double rate) {
        this.what = what;
        this.data = data;
        this.allFits = allFits;
        this.epochs = epochs;
        this.phase = phase;
        this.batchesPerEpoch = batchesPerEpoch;
        this.lr = rate;
        keepsAccumulation = batches != null;
        accumulation = batches == null ? 1 : batches.perStep() / batches.processes();
    }

    /** Return the model that is trained. */
    public Module model() {
        return what.model();
    }

    /** Return the tensors that the optimizer trains, each once: those of the model, and of callbacks such as adapters and further students. */
    public Collection<Tensor> trained() {
        return trained;
    }

    void setTrained(Collection<Tensor> parameters) {
        trained = parameters.stream().filter(Tensor::requires_grad).distinct().toList();
    }

    /** Return the data, with the rows as this fit sees them: perhaps mixed. */
    public Data data() {
        return data;
    }

    /** Return the device of the model and the batches. */
    public Device device() {
        return what.device();
    }

    /**
     * Return whether the weights are restored afterward, as by {@link Learner#firstLoss}. A callback that changes steps and also records them
     * records nothing then.
     */
    public boolean isDryRun() {
        return dryRun;
    }

    void setDryRun(boolean dry) {
        dryRun = dry;
    }

    /** Return the precision of the training computations. */
    public Precision precision() {
        return what.precision();
    }

    /** Return the seed of the training. */
    public long seed() {
        return what.seed();
    }

    /** Return the metrics that validation computes, the main one first. */
    public List<Metric> metrics() {
        return what.metrics();
    }

    /** Compute the task loss of training outputs, see {@link TargetLoss}. It is 0 for a batch without labels, where the mean would be undefined. */
    public Tensor taskLoss(Tensor outputs, Tensor targets, @Nullable Tensor weights) {
        return what.taskLoss().of(outputs, targets, weights);
    }

    /** Return how this process exchanges values with others that train the same model. */
    public Exchange exchange() {
        return what.exchange();
    }

    /** Return the requested number of epochs. */
    public int epochs() {
        return epochs;
    }

    /** Return what this fit trains, such as only the new classifier, if it is one phase of several; otherwise null. */
    public @Nullable String phase() {
        return phase.title();
    }

    /** Return whether the fit before this one, in the same training, has trained the same network. */
    public boolean goesOn() {
        return phase.isSameNetwork();
    }

    /** Return the share of the training, with all its fits, that lies before a step of this fit: 0 for the first step, 1 for the last. */
    public double progress(TrainStep step) {
        long last = (long) (phase.earlierEpochs() + epochs + phase.laterEpochs()) * batchesPerEpoch - 1;
        long now = (long) phase.earlierEpochs() * batchesPerEpoch + step.index();
        return last <= 0 ? 1 : Math.min(1, now / (double) last);
    }

    /** Return the number of optimizer steps of the training so far: of this fit, and as planned for the fits before it. */
    public long trainingSteps() {
        return optimizerSteps + (long) phase.earlierEpochs() * stepsPerEpoch();
    }

    /** Return the number of epochs until the training ends, with those of later fits that it plans; only these once this fit stops early. */
    public int epochsLeft() {
        return (stopReason == null ? epochs - history.size() : 0) + phase.laterEpochs();
    }

    /** Estimate the seconds until the last epoch ends, by the mean of the last epochs. NaN before the first one has ended. */
    public double secondsLeft() {
        List<EpochRecord> rows = wholeHistory();
        return epochsLeft()
                * rows.stream()
                        .skip(Math.max(0, rows.size() - EPOCHS_OF_ESTIMATE))
                        .mapToDouble(EpochRecord::seconds)
                        .average()
                        .orElse(Double.NaN);
    }

    /** Return the current epoch, from 0. */
    public int epoch() {
        return epoch;
    }

    void setEpoch(int epoch) {
        this.epoch = epoch;
    }

    /** Return the number of batches of an epoch, in all processes together. */
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
        return epochs * stepsPerEpoch();
    }

    private int stepsPerEpoch() {
        return (batchesPerEpoch + together() - 1) / together();
    }

    /** Return the number of batches per optimizer step, in all processes together. */
    int together() {
        return accumulation * exchange().size();
    }

    /** Return the number of batches of this process per optimizer step. */
    public int accumulation() {
        return accumulation;
    }

    /**
     * Accumulate the gradients of several batches per optimizer step. Call this before the first batch. A fit that is
     * resumed keeps its own number.
     */
    public void setAccumulation(int batches) {
        if (!keepsAccumulation) accumulation = batches;
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

    /** Return the rows of the finished epochs of this fit and the earlier ones of the same model. */
    public List<EpochRecord> wholeHistory() {
        return allFits.stream().flatMap(List::stream).toList();
    }

    /** Return the complete training state, to be written to a file. The caller closes it. */
    StateDict snapshot(Map<String, String> facts) {
        return snapshot.apply(facts);
    }

    void onSnapshot(Function<Map<String, String>, StateDict> taken) {
        snapshot = taken;
    }

    /** Restore the position of an interrupted fit. */
    void resume(FitPosition position) {
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
