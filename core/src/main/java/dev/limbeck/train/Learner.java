package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Settings;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.model.BackboneWeights;
import dev.limbeck.model.SavedModel;
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
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bring data, a model and an optimizer together, and train.
 *
 * <pre>{@code
 * try (var data = Datasets.shapes().build(); var student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
 *     student.fitOneCycle(5, 1e-2);
 *     System.out.println(student.validate().metrics());
 * }
 * }</pre>
 *
 * <p>Owns the model, not the data. Not thread-safe. The same seed gives the same weights bit for bit on one machine
 * with one thread count.
 */
public final class Learner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Learner.class);

    // What fastai's fine_tune uses.
    private static final double FROZEN_RISE = 0.99;
    private static final double UNFROZEN_RISE = 0.3;
    private static final double UNFROZEN_START = 5;
    private static final double LAYER_SPREAD = 100;

    private static final int SHOWN = 32;

    private final Data data;
    private final Module model;
    private final Architecture architecture;
    private final LayerGroups groups;
    private final long seed;
    private final Device device;
    private final Precision precision;
    private final Optimizer optimizer;
    private final BinaryOperator<Tensor> loss;
    private final List<Metric> metrics;
    private final List<Callback> callbacks;
    /** The rows of each fit. */
    private final List<List<EpochRecord>> history = new ArrayList<>();

    private int fits;
    private @Nullable TrainingState resumed;

    Learner(LearnerBuilder settings) {
        data = settings.data;
        seed = settings.seed;
        device = settings.device;
        precision = Precision.of(settings.precision, device);
        optimizer = settings.optimizer;
        loss = settings.loss;
        metrics = List.copyOf(settings.metrics);
        callbacks = List.copyOf(settings.callbacks);
        Tensors.seed(seed);
        architecture = settings.architecture;
        model = architecture.create(data.classNames().size());
        model.to(device);
        groups = new LayerGroups(model, architecture);
    }

    /** Make a learner for a fresh network of an architecture, with default settings. */
    public static Learner create(Data data, Architecture architecture) {
        return builder(data, architecture).build();
    }

    /** Start to describe a learner for a fresh network of an architecture. */
    public static LearnerBuilder builder(Data data, Architecture architecture) {
        return new LearnerBuilder(data, architecture);
    }

    /**
     * Make a learner for a network that knows ImageNet: its published weights, fetched once, below a new classifier
     * (fastai's). Everything but the classifier and batch norms is frozen until {@link #unfreeze}; {@link #fineTune} does both.
     * Images should be normalized by ImageNet's mean and standard deviation, which they are by default.
     *
     * @throws LimbeckException if no weights of this architecture are known, or they cannot be fetched
     */
    public static Learner pretrained(Data data, Architecture architecture) {
        return builder(data, architecture).pretrained().build();
    }

    /** Start to describe a learner for a module of your own, which the learner owns from then on. */
    public static LearnerBuilder builder(Data data, Module model) {
        return new LearnerBuilder(data, new Architecture(model.describe(), 1, classes -> model));
    }

    public Data data() {
        return data;
    }

    public Module model() {
        return model;
    }

    /** Return the name of the architecture. */
    public String architecture() {
        return architecture.name();
    }

    public long seed() {
        return seed;
    }

    public Device device() {
        return device;
    }

    /** Return what the model computes in while it is trained. */
    public Precision precision() {
        return precision;
    }

    public Optimizer optimizer() {
        return optimizer;
    }

    /** Return the task's loss: from logits and labels to a scalar. */
    public BinaryOperator<Tensor> loss() {
        return loss;
    }

    List<Metric> metrics() {
        return metrics;
    }

    /** Return the rows of all epochs that this learner was trained. */
    public List<EpochRecord> history() {
        return history.stream().flatMap(List::stream).toList();
    }

    /**
     * Train with a constant learning rate.
     *
     * @param epochs passes over the training rows, at least 1
     * @param rate learning rate, positive
     * @return the rows of these epochs
     */
    public List<EpochRecord> fit(int epochs, double rate, Callback... more) {
        return fit(epochs, rate, path -> 1, more);
    }

    /** Train with a constant learning rate for each group of layers. */
    public List<EpochRecord> fit(int epochs, LayerLearningRates rates, Callback... more) {
        return fit(epochs, rates.high(), rates.factors(groups.paths()), more);
    }

    private List<EpochRecord> fit(int epochs, double rate, ToDoubleFunction<String> factor, Callback... more) {
        Settings.atLeast(1, "epochs", epochs);
        Settings.positive("learning rate", rate);
        List<Callback> all = new ArrayList<>(callbacks);
        all.addAll(List.of(more));
        if (all.stream().noneMatch(EpochTable.class::isInstance)) all.add(new EpochTable(LOG::info));
        int number = ++fits;
        Tensors.seed(seed + 31L * number);
        try (TrainingState from = comesNow(number, epochs)) {
            if (resumed != null) return before(resumed, number);
            return new TrainingLoop(this, all).run(epochs, rate, factor, history, number, from);
        } catch (RuntimeException e) {
            // Of the engine: shapes that do not fit, or no memory. Anything else is a bug, and shall look like one.
            if (!Engine.isThrownByEngine(e)) throw e;
            throw new LimbeckException("training failed: " + Engine.firstLine(e), e);
        }
    }

    /**
     * Go on with a training that was interrupted. Make the same calls of fit as then, with the same callbacks: those that
     * were finished return their rows at once, the interrupted one goes on after its last finished epoch. On one machine
     * with one thread count the weights come to be the same, bit for bit, as without the interruption.
     *
     * @param checkpoint what a {@link Checkpoint} wrote
     * @throws LimbeckException if the file is damaged or holds weights alone
     */
    public void resume(Path checkpoint) {
        if (fits > 0) throw new IllegalStateException("this learner has trained already; resume with a new one");
        resumed = TrainingState.read(checkpoint);
    }

    /** Return where this fit was interrupted, or null if it is not the one. */
    private @Nullable TrainingState comesNow(int number, int epochs) {
        TrainingState from = resumed;
        if (from == null || from.position().fit() != number) return null;
        resumed = null;
        return from.checked(epochs, precision);
    }

    /** Return the rows of a fit that was finished before the interruption. */
    private List<EpochRecord> before(TrainingState from, int number) {
        List<EpochRecord> rows = from.position().history().get(number - 1);
        history.add(rows);
        return rows;
    }

    /**
     * Train with the one-cycle schedule.
     *
     * @param epochs passes over the training rows, at least 1
     * @param maximum highest learning rate, positive
     * @return the rows of these epochs
     * @see OneCycle
     */
    public List<EpochRecord> fitOneCycle(int epochs, double maximum, Callback... more) {
        return fit(epochs, maximum, with(new OneCycle(maximum), more));
    }

    /** Train with the one-cycle schedule, with a highest learning rate for each group of layers. */
    public List<EpochRecord> fitOneCycle(int epochs, LayerLearningRates maximum, Callback... more) {
        return fit(epochs, maximum, with(new OneCycle(maximum.high()), more));
    }

    private static Callback[] with(Callback first, Callback... more) {
        List<Callback> all = new ArrayList<>(List.of(more));
        all.add(0, first);
        return all.toArray(Callback[]::new);
    }

    /**
     * Fine-tune a pretrained network as fastai does: first the classifier alone for a while, then everything, at half the rate
     * and the layers next to the image at a hundredth of that.
     *
     * @param epochs passes over the training rows after unfreezing, at least 1
     * @param rate highest learning rate of the classifier, such as 2e-3
     * @return the rows of all these epochs
     */
    public List<EpochRecord> fineTune(int epochs, double rate, Callback... more) {
        return fineTune(epochs, rate, 1, more);
    }

    /**
     * Fine-tune with another number of epochs for the classifier alone.
     *
     * @param frozenEpochs at least 0
     */
    public List<EpochRecord> fineTune(int epochs, double rate, int frozenEpochs, Callback... more) {
        Settings.atLeast(0, "frozen epochs", frozenEpochs);
        List<EpochRecord> rows = new ArrayList<>();
        if (frozenEpochs > 0) {
            freeze();
            OneCycle rising = new OneCycle(rate, FROZEN_RISE, OneCycle.DEFAULT_START);
            rows.addAll(fit(frozenEpochs, LayerLearningRates.upTo(rate), with(rising, more)));
        }
        unfreeze();
        OneCycle cycle = new OneCycle(rate / 2, UNFROZEN_RISE, UNFROZEN_START);
        rows.addAll(fit(epochs, LayerLearningRates.of(rate / 2 / LAYER_SPREAD, rate / 2), with(cycle, more)));
        return rows;
    }

    /** Train the classifier and the batch norms alone. */
    public void freeze() {
        groups.freezeTo(-1);
    }

    /** Train everything. */
    public void unfreeze() {
        groups.freezeTo(0);
    }

    /**
     * Freeze the groups of layers before one, all but their batch norms; it and those behind it are trained.
     *
     * @param group from 0 for the layers next to the image; negative ones count from the end, -1 is the classifier
     */
    public void freezeTo(int group) {
        groups.freezeTo(group);
    }

    /** Begin with the weights of a file, all but the classifier. */
    void begin(Path weights, @Nullable String weightsKey, Consumer<String> log) {
        log.accept(BackboneWeights.load(weights, weightsKey, model, architecture));
        freeze();
    }

    /** Look for a learning rate from 1e-6 to 1 in this many steps, such as 100. */
    public LrCurve lrFind(int steps, Callback... more) {
        return lrFind(LrFinder.LOWEST, LrFinder.HIGHEST, steps, more);
    }

    /**
     * Look for a learning rate: train for at most this many steps while the rate rises, then put the weights back.
     *
     * @param lowest where the rate begins, positive
     * @param highest where it would end, above {@code lowest}; training stops earlier once the loss runs away
     * @param steps at least 20
     * @param more callbacks that take part, such as distillation
     */
    public LrCurve lrFind(double lowest, double highest, int steps, Callback... more) {
        Settings.positive("lowest rate", lowest);
        if (!(highest > lowest)) throw Settings.wrong("highest rate", "above the lowest, " + lowest, highest);
        Settings.atLeast(20, "steps", steps);
        LrFinder finder = new LrFinder(lowest, highest, steps);
        int batches = Math.max(1, data.size(Split.TRAIN) / data.batchSize());
        DryRun.run(this, callbacks, steps / batches + 2, lowest, finder, more);
        return finder.curve();
    }

    /**
     * Measure how large each term of the loss is on the first batch; nothing is trained.
     *
     * @param more callbacks that add terms, such as a distillation
     */
    public List<TermSize> firstLoss(Callback... more) {
        LossProbe first = new LossProbe();
        DryRun.run(this, callbacks, 1, 1, first, more);
        return first.terms();
    }

    /** Evaluate the model on the validation split. */
    public EvaluationResult validate() {
        return validate(Split.VALID);
    }

    /** Evaluate the model on a split: the task's loss and metrics alone, whatever it was trained with. */
    public EvaluationResult validate(Split split) {
        return Evaluator.run(model, data, split, device, metrics, loss);
    }

    /**
     * Evaluate the model by its mean probabilities over each row and some augmented views of it (test-time augmentation).
     *
     * @param views augmented ones, at least 1; fastai takes 4
     */
    public EvaluationResult validate(Split split, int views) {
        return Evaluator.runViews(model, data, split, views, device, metrics);
    }

    /** Draw some rows of the validation split with what they are and what the model takes them for: a PNG file. */
    public void showResults(Path file) {
        ResultsPicture.write(data, Split.VALID, predict(Split.VALID), SHOWN, file);
    }

    /** Return the logits of a split. */
    public Predictions predict(Split split) {
        return validate(split).predictions();
    }

    /**
     * Write the weights with what rebuilds the model: architecture, class names, preparation of inputs.
     *
     * @param file a {@code .safetensors} file, replaced if it exists
     */
    public void save(Path file) {
        try (StateDict state = model.stateDict()) {
            state.metadata().putAll(SavedModel.metadata(architecture.name(), data));
            Safetensors.write(state, file);
        }
    }

    /**
     * Read weights into the model, all or nothing; what of the file was chosen or left out is logged.
     *
     * @param file safetensors or a PyTorch checkpoint
     * @throws LimbeckException if it does not fit the model, or several sets of weights in it do
     */
    public void load(Path file) {
        WeightFiles.load(file, model).forEach(note -> LOG.warn(Printable.line(note)));
    }

    @Override
    public void close() {
        if (resumed != null) resumed.close();
        model.close();
    }
}
