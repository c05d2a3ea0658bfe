package dev.limbeck.predict;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.SharedUse;
import dev.limbeck.Task;
import dev.limbeck.tensor.BlasThreads;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute outputs for inputs of any kind. Thread-safe; closing waits for running predictions.
 *
 * @param <X> an input, such as an image
 */
public final class Network<X> implements AutoCloseable {
    private final Function<List<X>, Inputs> encode;
    private final Function<Inputs, Tensor> network;
    private final Runnable closing;
    private final Task task;

    private final SharedUse shared = new SharedUse();

    /**
     * Hold a network.
     *
     * @param encode creates the network's inputs, one row each
     * @param closing frees the network
     */
    public Network(Function<List<X>, Inputs> encode, Function<Inputs, Tensor> network, Runnable closing, Task task) {
        this.encode = encode;
        this.network = network;
        this.closing = closing;
        this.task = task;
    }

    /** Return the task, with the names that the model has. */
    public Task task() {
        return task;
    }

    /** Return the task with names for a number of outputs. */
    private Task named(int outputs) {
        if (task.names().isEmpty()) return task.withNames(Task.numbered(outputs));
        if (task.outputs() == outputs) return task;
        throw new LimbeckException(
                "the model has " + outputs + " outputs, found " + task.outputs() + " names; set as many (--classes)");
    }

    /**
     * Compute the outputs of inputs, one row each.
     *
     * @throws LimbeckException if it is closed, or an output is not finite
     */
    private List<double[]> outputs(List<X> inputs) {
        if (inputs.isEmpty()) return List.of();
        try (SharedUse.Use use = shared.begin("the predictor is closed; open another");
                Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                @Nullable BlasThreads work = BlasThreads.about(inputs.size())) {
            double[] values = Tensors.toDoubles(network.apply(encode.apply(inputs)));
            int width = values.length / inputs.size();
            long bad = Arrays.stream(values)
                    .filter(value -> !Double.isFinite(value))
                    .count();
            if (bad > 0) {
                throw new LimbeckException("the model must return finite numbers, found " + bad + " of " + values.length
                        + " NaN or infinite; check its weights");
            }
            List<double[]> rows = new ArrayList<>();
            for (int row = 0; row < inputs.size(); row++) {
                rows.add(Arrays.copyOfRange(values, row * width, (row + 1) * width));
            }
            return rows;
        }
    }

    /** Compute predictions of inputs; the network classifies. */
    public List<Prediction> predictions(List<X> inputs) {
        return outputs(inputs).stream()
                .map(logits -> new Prediction(named(logits.length), logits))
                .toList();
    }

    /** Compute the numbers of inputs by target; the network is one of regression. */
    public List<Map<String, Double>> numbers(List<X> inputs) {
        return outputs(inputs).stream()
                .map(outputs -> {
                    Task named = named(outputs.length);
                    return named.named(named.decode(outputs));
                })
                .toList();
    }

    @Override
    public void close() {
        shared.close(closing);
    }
}
