package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.model.StartingWeights;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.optim.LayerLearningRates;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Train a model on data with an optimizer.
 *
 * <pre>{@code
 * try (var data = Datasets.shapes().build(); var student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
 *     student.fitOneCycle(5, 1e-2);
 *     System.out.println(student.validate().metrics());
 * }
 * }</pre>
 *
 * <p>The learner owns the model, but not the data. It is not thread-safe. On one machine with one thread count, the
 * same seed gives bitwise the same weights.
 */
public final class Learner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Learner.class);

    private static final int SHOWN = 32;

    private Training training;
    private Architecture architecture;
    private LayerGroups groups;
    private final List<Callback> callbacks;
    /** Rows of each fit. */
    private final List<List<EpochRecord>> history = new ArrayList<>();

    private FitPhase phase = FitPhase.ONLY;
    private @Nullable TrainingState resumed;
    private boolean closed;

    @Nullable
    StartingWeights start;

    Learner(LearnerBuilder settings) {
        architecture = settings.architecture;
        callbacks = List.copyOf(settings.callbacks);
        Data data = settings.data;
        // Refused before a network is made.
        Precision precision = Precision.of(settings.precision, settings.device);
        Tensors.seed(settings.seed);
        Module model = architecture.create(LearnerBuilder.outputs(data.task()), data.inputs());
        groups = LayerGroups.on(settings.device, model, architecture);
        training = new Training(
                model,
                architecture.name(),
                data,
                settings.seed,
                settings.device,
                precision,
                settings.optimizer,
                new TaskLoss(settings.loss, data),
                List.copyOf(settings.metrics),
                settings.exchange);
    }

    /** Create a learner for a randomly initialized architecture, with default settings. */
    public static Learner create(Data data, Architecture architecture) {
        return builder(data, architecture).build();
    }

    /** Create a builder for a randomly initialized architecture, without its classifier for an embedding. */
    public static LearnerBuilder builder(Data data, Architecture architecture) {
        return new LearnerBuilder(data, LearnerBuilder.fitting(architecture, data.task()));
    }

    /**
     * Create a learner with ImageNet weights and a new classifier. The weights are downloaded once. All layers except
     * the classifier and the batch norms are frozen until {@link #unfreeze}; {@link #fineTune} handles both phases.
     * Images should be normalized with ImageNet's mean and standard deviation, which is the default.
     *
     * @throws LimbeckException if no weights are published for this architecture, or the download fails
     */
    public static Learner pretrained(Data data, Architecture architecture) {
        return builder(data, architecture).pretrained().build();
    }

    /** Create a builder for a learner with a custom module. The learner takes ownership of the module. */
    public static LearnerBuilder builder(Data data, Module model) {
        return new LearnerBuilder(data, new Architecture(model.describe(), 1, classes -> model));
    }

    private Training open() {
        if (closed) throw new LimbeckException("this learner is closed; use it before close, or build a new one");
        return training;
    }

    public Data data() {
        return training.data();
    }

    public Module model() {
        return open().model();
    }

    /** Return the name of the architecture. */
    public String architecture() {
        return architecture.name();
    }

    public long seed() {
        return training.seed();
    }

    public Device device() {
        return training.device();
    }

    /** Return the number of processes that train the model together. */
    public int processes() {
        return training.exchange().size();
    }

    /** Return the precision of the training computations. */
    public Precision precision() {
        return training.precision();
    }

    public Optimizer optimizer() {
        return open().optimizer();
    }

    /** Compute the task loss of training outputs, see {@link TargetLoss}. It is 0 for a batch without labels, where the mean would be undefined. */
    public Tensor taskLoss(Tensor outputs, Tensor targets, @Nullable Tensor weights) {
        return open().taskLoss().of(outputs, targets, weights);
    }

    /** Return the rows of all epochs of this learner. */
    public List<EpochRecord> history() {
        return history.stream().flatMap(List::stream).toList();
    }

    /**
     * Train with a constant learning rate.
     *
     * @param epochs passes over the training rows, at least 1
     * @param rate learning rate, positive
     * @return one row per epoch
     */
    public List<EpochRecord> fit(int epochs, double rate, Callback... more) {
        return fit(epochs, rate, path -> 1, more);
    }

    /** Tell callbacks of the next fits which part of a training they are. */
    public void plan(FitPhase next) {
        phase = next;
    }

    /** Train with a constant learning rate for each layer group. */
    public List<EpochRecord> fit(int epochs, LayerLearningRates rates, Callback... more) {
        return fit(epochs, rates.high(), rates.factors(groups.paths()), more);
    }

    private List<EpochRecord> fit(int epochs, double rate, ToDoubleFunction<String> factor, Callback... more) {
        open();
        Settings.atLeast(1, "epochs", epochs);
        Settings.positive("learning rate", rate);
        List<Callback> all = new ArrayList<>(callbacks);
        all.addAll(List.of(more));
        if (all.stream().noneMatch(EpochTable.class::isInstance)) all.add(new EpochTable(LOG::info));
        // A fit that is refused before its first step leaves no rows, and does not count.
        int number = history.size() + 1;
        TrainingState from = resumed;
        if (from != null && from.position().fit() != number) {
            // This fit was finished before the interruption.
            history.add(from.position().history().get(number - 1));
            return history.get(number - 1);
        }
        if (from != null) from.check(epochs, training, path -> rate * factor.applyAsDouble(path));
        Tensors.seed(seed() + 31L * number);
        try {
            return new TrainingLoop(training, all, phase).run(epochs, rate, factor, history, number, from);
        } catch (RuntimeException e) {
            throw Engine.explained("training failed", e);
        } finally {
            if (from != null && history.size() >= number) {
                from.close();
                resumed = null;
            }
        }
    }

    /**
     * Resume an interrupted training. Repeat the same calls of fit with the same callbacks. Finished fits return their rows immediately; the
     * interrupted fit continues after its last finished epoch. On one machine with one thread count, the final weights are those of an
     * uninterrupted training, to the bit. A fit with another number of epochs, learning rate, batch size, seed, precision, optimizer,
     * data or frozen layers is refused; call it again with the right ones. The schedule is not compared.
     *
     * @param checkpoint a file written by {@link Checkpoint}
     * @throws LimbeckException if the file is damaged or contains only weights
     */
    public void resume(Path checkpoint) {
        if (!history.isEmpty())
            throw new IllegalStateException("this learner has trained already; resume with a new one");
        TrainingState from = TrainingState.read(checkpoint);
        resumed = from;
        from.prunedArchitecture(architecture)
                .ifPresent(
                        other -> replaceModel(other, other.create(data().task().outputs(), data().inputs())));
    }

    /** Return whether the next fit, or one after it, continues an interrupted one. */
    public boolean isResuming() {
        return resumed != null;
    }

    /**
     * Replace the model between fits, such as by a pruned one. The learner owns the new model, and closes the old one.
     *
     * @param of architecture of the new model
     */
    public void replaceModel(Architecture of, Module model) {
        Training before = open();
        groups = LayerGroups.on(device(), model, of);
        training = before.replaced(model, of.name());
        architecture = of;
    }

    /**
     * Train with the one-cycle schedule.
     *
     * @param epochs passes over the training rows, at least 1
     * @param maximum highest learning rate, positive
     * @return one row per epoch
     * @see OneCycle
     */
    public List<EpochRecord> fitOneCycle(int epochs, double maximum, Callback... more) {
        return fit(epochs, maximum, with(new OneCycle(maximum), more));
    }

    /** Train with the one-cycle schedule and a maximum learning rate for each layer group. */
    public List<EpochRecord> fitOneCycle(int epochs, LayerLearningRates maximum, Callback... more) {
        return fit(epochs, maximum, with(new OneCycle(maximum.high()), more));
    }

    static Callback[] with(Callback first, Callback... more) {
        return Stream.concat(Stream.of(first), Stream.of(more)).toArray(Callback[]::new);
    }

    /**
     * Fine-tune a pretrained network as fastai does: first only the classifier, then all layers at half the rate, the first at 1/100 of that.
     *
     * @param epochs passes over the training rows after unfreezing, at least 1
     * @param rate maximum learning rate of the classifier, such as 2e-3
     * @return one row per epoch, both phases
     */
    public List<EpochRecord> fineTune(int epochs, double rate, Callback... more) {
        return fineTune(epochs, rate, 1, more);
    }

    /** Fine-tune with a number of classifier-only epochs, at least 0. */
    public List<EpochRecord> fineTune(int epochs, double rate, int frozenEpochs, Callback... more) {
        return FineTuning.run(this, epochs, rate, frozenEpochs, more);
    }

    /** Train only the classifier, on features that stay as they are (a linear probe); a maximum rate is 1e-2, for example. */
    public List<EpochRecord> probe(int epochs, double rate, Callback... more) {
        open();
        Settings.atLeast(1, "epochs", epochs);
        Settings.positive("learning rate", rate);
        groups.freezeBelowHead();
        return fitOneCycle(epochs, rate, with(new FrozenFeatures(), more));
    }

    /** Train only the classifier and the batch norms. */
    public void freeze() {
        freezeTo(-1);
    }

    /** Train all layers. */
    public void unfreeze() {
        freezeTo(0);
    }

    /** Freeze all layer groups before one, except their batch norms: 0 is the stem, and from the end −1 the classifier. */
    public void freezeTo(int group) {
        open();
        groups.freezeTo(group);
    }

    /** Return which weights of another network it started from: by {@link LearnerBuilder#startFrom} or with its head; null for none. */
    public @Nullable StartingWeights start() {
        return start;
    }

    /** Search for a learning rate between 1e-6 and 1, in a number of steps such as 100. */
    public LrCurve lrFind(int steps, Callback... more) {
        return lrFind(LrFinder.LOWEST, LrFinder.HIGHEST, steps, more);
    }

    /**
     * Search for a learning rate: train while the rate rises geometrically, then restore the weights. Nothing is validated.
     *
     * @param lowest first rate, positive
     * @param highest last rate, above {@code lowest}; the search stops earlier when the loss diverges
     * @param steps at least {@value LrCurve#FEWEST_STEPS}
     * @param more further callbacks, such as distillation
     */
    public LrCurve lrFind(double lowest, double highest, int steps, Callback... more) {
        return LrFinder.run(open(), callbacks, lowest, highest, steps, more);
    }

    /**
     * Measure each loss term on the first batch, without training.
     *
     * @param more callbacks that add loss terms, such as distillation
     */
    public List<TermSize> firstLoss(Callback... more) {
        return LossProbe.run(open(), callbacks, more);
    }

    /** Evaluate the model on the validation split. */
    public EvaluationResult validate() {
        return validate(Split.VALID);
    }

    /**
     * Evaluate the model on a split. Only the task loss and its metrics are computed, whatever callbacks it was trained with.
     */
    public EvaluationResult validate(Split split) {
        return open().validate(split);
    }

    /**
     * Evaluate the mean probabilities over each row and some augmented views (test-time augmentation).
     *
     * @param views number of augmented views, at least 1; fastai uses 4
     */
    public EvaluationResult validate(Split split, int views) {
        return Evaluator.runViews(model(), data(), split, views, device(), training.metrics());
    }

    /** Write a PNG with some rows of the validation split, their labels and predictions. */
    public void showResults(Path file) {
        ResultsPicture.write(data(), Split.VALID, predict(Split.VALID), SHOWN, file);
    }

    /** Return the logits of a split. */
    public Predictions predict(Split split) {
        return validate(split).predictions();
    }

    /**
     * Write the weights and what is needed to rebuild the model: architecture, class names and preprocessing.
     *
     * @param file a {@code .safetensors} file, replaced if it exists
     */
    public void save(Path file) {
        try (StateDict state = model().stateDict()) {
            state.metadata().putAll(training.metadata());
            Safetensors.write(state, file);
        }
    }

    /**
     * Load weights into the model, all or nothing. Selected and ignored tensors are logged.
     *
     * @param file safetensors or a PyTorch checkpoint
     * @throws LimbeckException if the file does not fit the model, or if several sets of weights in it fit
     */
    public void load(Path file) {
        WeightFiles.load(file, model()).forEach(note -> LOG.warn(Printable.line(note)));
    }

    @Override
    public void close() {
        if (resumed != null) resumed.close();
        closed = true;
        training.model().close();
    }
}
