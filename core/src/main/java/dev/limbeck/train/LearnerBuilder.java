package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.io.Downloads;
import dev.limbeck.model.BackboneWeights;
import dev.limbeck.model.SavedModel;
import dev.limbeck.model.StartingWeights;
import dev.limbeck.model.TrainedWeights;
import dev.limbeck.model.WeightSelection;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.weights.PretrainedWeights;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Build a learner. Every setting has a default. */
public final class LearnerBuilder {
    final Data data;
    Architecture architecture;
    final List<Callback> callbacks = new ArrayList<>();
    List<Metric> metrics;
    Optimizer optimizer = AdamW.defaults();
    TargetLoss loss;
    Device device = Engine.device("auto");
    String precision = Precision.AUTO;
    Exchange exchange = Exchange.ALONE;

    long seed;

    private @Nullable Supplier<Path> weights;
    private @Nullable String weightsKey;
    private @Nullable List<Integer> weightsLayers;
    private @Nullable SavedModel larger;
    private boolean ownHead;
    private boolean keepsHead;
    Consumer<String> log = line -> LoggerFactory.getLogger(Learner.class).info(Printable.line(line));

    LearnerBuilder(Data data, Architecture architecture) {
        this.data = data;
        this.architecture = architecture;
        metrics = Metric.of(data.task()).stream().limit(1).toList();
        loss = TaskLoss.of(data.task());
    }

    /** Return an architecture with a classifier for a task, or without one for an embedding. */
    static Architecture fitting(Architecture architecture, Task task) {
        if (task.kind() == Task.Kind.EMBEDDING) return architecture.withoutHead();
        if (!architecture.givesEmbedding()) return architecture;
        throw new LimbeckException(architecture + " has no classifier, expected one for "
                + task.kind().words() + "; name the architecture without the suffix");
    }

    /** Return the number of outputs to create a network with; one for an embedding is as wide as it is. */
    static int outputs(Task task) {
        return task.kind() == Task.Kind.EMBEDDING ? 1 : task.outputs();
    }

    /** Start from ImageNet weights, downloaded by the architecture's name. See {@link #weights(Path)}. */
    public LearnerBuilder pretrained() {
        return pretrained(PretrainedWeights.store(), (bytes, total) -> {});
    }

    /** Start from ImageNet weights of a given store, and report the progress of the download. */
    public LearnerBuilder pretrained(PretrainedWeights store, Downloads.Progress progress) {
        weights = () -> store.fetch(architecture.withOwnHead().name(), progress);
        return this;
    }

    /**
     * Start from the weights of a file, with a new classifier. The classifier is fastai's where the architecture pools
     * feature maps. All layers below it are frozen, except batch norms, until {@link Learner#unfreeze}.
     *
     * @param file safetensors, a PyTorch checkpoint or a run directory, of the same architecture, with any number of
     *     classes
     */
    public LearnerBuilder weights(Path file) {
        weights = () -> file;
        return this;
    }

    /**
     * Set where in that file the weights are stored, as in {@link SavedModel#open(Path, Architecture, String)}; null to
     * search.
     */
    public LearnerBuilder weightsKey(@Nullable String key) {
        weightsKey = key;
        return this;
    }

    /**
     * Set which layers of a deeper encoder of texts this one starts from: one for each of its layers, from 0, in ascending order. By
     * default, a shallower one starts from layers that are spread evenly from the first: every second one, for half as many.
     */
    public LearnerBuilder weightsLayers(@Nullable List<Integer> layers) {
        weightsLayers = layers == null ? null : List.copyOf(layers);
        return this;
    }

    /**
     * Start from the weights of a larger model of the same family, such as the teacher: from some of its blocks and channels. All layers are
     * trained. See {@link WeightSelection}.
     *
     * @param larger stays the caller's, and must be open until {@link #build} returns
     */
    public LearnerBuilder startFrom(SavedModel larger) {
        this.larger = larger;
        return this;
    }

    /** Set the consumer of lines about which weights were read, chosen and ignored. The default is the logger. */
    public LearnerBuilder log(Consumer<String> log) {
        this.log = log;
        return this;
    }

    /** Use the architecture's original head, randomly initialized, when weights are read from a file. */
    public LearnerBuilder ownHead() {
        ownHead = true;
        return this;
    }

    /**
     * Keep the classifier of the file of weights, which was trained for the same classes, and train all layers from the start. The
     * file's head replaces the architecture's.
     */
    public LearnerBuilder keepHead() {
        keepsHead = true;
        return this;
    }

    /**
     * Train for int8: weights, and inputs and outputs of convolutions and linear layers, are rounded in each forward pass as an int8
     * file rounds them, with gradients straight through. Start from a trained network ({@link #weights}, {@link #keepHead}) with a few
     * epochs at a low learning rate, or from scratch.
     *
     * @throws dev.limbeck.LimbeckException if the network is not one of images
     * @see dev.limbeck.nn.FakeQuantization
     */
    public LearnerBuilder quantizationAware() {
        architecture = architecture.quantizationAware();
        return this;
    }

    /** Set the seed of initial weights and dropout. The data has its own seed. */
    public LearnerBuilder seed(long seed) {
        this.seed = seed;
        return this;
    }

    /** Set the device by name, see {@link Engine#device}. */
    public LearnerBuilder device(String name) {
        device = Engine.device(name);
        return this;
    }

    /**
     * Set the precision of training, see {@link Precision#of}; the default is {@code auto}. Losses, weights, optimizer
     * and batch-norm statistics stay in float32. Evaluation runs in float32 too.
     */
    public LearnerBuilder precision(String name) {
        precision = name;
        return this;
    }

    public LearnerBuilder optimizer(Optimizer optimizer) {
        this.optimizer = optimizer;
        return this;
    }

    /** Replace the metrics. The first one selects the best epoch; the default is {@link Metric#main}. */
    public LearnerBuilder metrics(Metric... metrics) {
        this.metrics = List.of(metrics);
        return this;
    }

    /**
     * Replace the task loss. The default is {@link TaskLoss#of}.
     */
    public LearnerBuilder loss(TargetLoss loss) {
        this.loss = loss;
        return this;
    }

    /** Train one model with other processes. The default is {@link Exchange#ALONE}. */
    public LearnerBuilder exchange(Exchange other) {
        exchange = other;
        return this;
    }

    /** Add a callback to every fit. */
    public LearnerBuilder callback(Callback callback) {
        callbacks.add(callback);
        return this;
    }

    /**
     * Build the learner.
     *
     * @throws LimbeckException if the requested weights cannot be read or do not fit
     */
    public Learner build() {
        Supplier<Path> from = weights;
        if (from != null && larger != null) {
            throw new LimbeckException(
                    "a student starts from pretrained weights or from a larger model, found both; set one");
        }
        if (from == null) return logged(larger == null ? new Learner(this) : started(larger));
        // Checked before the network is created, which would initialize its weights in vain.
        Path file = from.get();
        if (keepsHead) {
            architecture =
                    TrainedWeights.architecture(file, architecture, data.task().names());
        } else if (!ownHead && architecture.pools() && !architecture.givesEmbedding()) {
            architecture = architecture.withConcatHead();
        }
        Learner learner = new Learner(this);
        try {
            if (keepsHead) {
                learner.start = TrainedWeights.load(file, weightsKey, learner.model(), architecture, log);
            } else {
                log.accept(BackboneWeights.load(file, weightsKey, weightsLayers, learner.model(), architecture));
                // Without a classifier, there is nothing to train first.
                if (!architecture.givesEmbedding()) learner.freeze();
            }
            return logged(learner);
        } catch (RuntimeException e) {
            learner.close();
            throw e;
        }
    }

    private Learner started(SavedModel from) {
        Learner learner = new Learner(this);
        try {
            StartingWeights start = WeightSelection.load(from, learner.model(), architecture, data);
            start.lines().forEach(log);
            learner.start = start;
            return learner;
        } catch (RuntimeException e) {
            learner.close();
            throw e;
        }
    }

    private Learner logged(Learner learner) {
        if (architecture.isQuantizationAware()) log.accept(FakeQuantization.describe(learner.model()));
        return learner;
    }
}
