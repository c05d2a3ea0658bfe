package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Describe a learner; everything has a default. */
public final class LearnerBuilder {
    final Data data;
    final String architecture;
    final Supplier<Module> model;
    final List<Callback> callbacks = new ArrayList<>();
    List<Metric> metrics = List.of(Metric.accuracy());
    Optimizer optimizer = AdamW.defaults();
    BinaryOperator<Tensor> loss = Ops::crossEntropy;
    Device device = Engine.device("auto");
    long seed;

    LearnerBuilder(Data data, String architecture, Supplier<Module> model) {
        this.data = data;
        this.architecture = architecture;
        this.model = model;
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

    public Learner build() {
        return new Learner(this);
    }
}
