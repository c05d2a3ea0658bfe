package dev.limbeck.train;

import dev.limbeck.Printable;
import dev.limbeck.data.Data;
import dev.limbeck.io.Downloads;
import dev.limbeck.optim.AdamW;
import dev.limbeck.optim.Optimizer;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.weights.PretrainedWeights;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Describe a learner; everything has a default. */
public final class LearnerBuilder {
    final Data data;
    Architecture architecture;
    final List<Callback> callbacks = new ArrayList<>();
    List<Metric> metrics = List.of(Metric.accuracy());
    Optimizer optimizer = AdamW.defaults();
    BinaryOperator<Tensor> loss = Ops::crossEntropy;
    Device device = Engine.device("auto");
    String precision = Precision.AUTO;
    long seed;

    private @Nullable Supplier<Path> weights;
    private @Nullable String weightsKey;
    private boolean ownHead;
    Consumer<String> log = line -> LoggerFactory.getLogger(Learner.class).info(Printable.line(line));

    LearnerBuilder(Data data, Architecture architecture) {
        this.data = data;
        this.architecture = architecture;
    }

    /** Begin with weights that were trained on ImageNet, fetched by the architecture's name; see {@link #weights(Path)}. */
    public LearnerBuilder pretrained() {
        return pretrained(PretrainedWeights.store(), (bytes, total) -> {});
    }

    /** Begin with weights that were trained on ImageNet, from a given store, and hear how a download goes on. */
    public LearnerBuilder pretrained(PretrainedWeights store, Downloads.Progress progress) {
        weights = () -> store.fetch(architecture.withOwnHead().name(), progress);
        return this;
    }

    /**
     * Begin with the weights of a file, all but the classifier, which is new: fastai's where the architecture pools feature
     * maps. Everything below the classifier is frozen but batch norms, until {@link Learner#unfreeze}.
     *
     * @param file safetensors, a PyTorch checkpoint or a run directory, of the same architecture, for whatever classes
     */
    public LearnerBuilder weights(Path file) {
        weights = () -> file;
        return this;
    }

    /** Say where in that file the weights lie, as {@link SavedModel#open(Path, Architecture, String)}; null for anywhere. */
    public LearnerBuilder weightsKey(@Nullable String key) {
        weightsKey = key;
        return this;
    }

    /** Say which weights were read, and what was left out, to someone else than the log. */
    public LearnerBuilder log(Consumer<String> log) {
        this.log = log;
        return this;
    }

    /** Keep the head that the architecture's authors gave it, freshly drawn, where weights are read from a file. */
    public LearnerBuilder ownHead() {
        ownHead = true;
        return this;
    }

    /** Set the seed of initial weights and dropout; the data has a seed of its own. */
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
     * Set what the student computes in while it is trained, see {@link Precision#of}: {@code auto} unless set. Losses,
     * weights, the optimizer and the statistics of batch norms are float32 in any case, and so is judging.
     */
    public LearnerBuilder precision(String name) {
        precision = name;
        return this;
    }

    public LearnerBuilder optimizer(Optimizer optimizer) {
        this.optimizer = optimizer;
        return this;
    }

    /** Replace the metrics, which by default are accuracy alone. */
    public LearnerBuilder metrics(Metric... metrics) {
        this.metrics = List.of(metrics);
        return this;
    }

    /** Replace the task's loss, by default cross-entropy: a scalar from predictions and labels (−1: no label). */
    public LearnerBuilder loss(BinaryOperator<Tensor> loss) {
        this.loss = loss;
        return this;
    }

    /** Add a callback to every fit. */
    public LearnerBuilder callback(Callback callback) {
        callbacks.add(callback);
        return this;
    }

    /**
     * Make the learner.
     *
     * @throws dev.limbeck.LimbeckException if weights are asked for that cannot be had or do not fit
     */
    public Learner build() {
        Supplier<Path> from = weights;
        if (from == null) return new Learner(this);
        // Before the network is made, whose weights would be drawn for nothing.
        Path file = from.get();
        if (!ownHead && architecture.pools()) architecture = architecture.withConcatHead();
        Learner learner = new Learner(this);
        try {
            learner.begin(file, weightsKey, log);
            return learner;
        } catch (RuntimeException e) {
            learner.close();
            throw e;
        }
    }
}
