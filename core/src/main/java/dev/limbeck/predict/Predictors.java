package dev.limbeck.predict;

import dev.limbeck.Classifier;
import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.Regressor;
import dev.limbeck.Task;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.Inputs;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Create predictors for inputs of any kind. For images, see {@code predict.image}. */
public final class Predictors {
    private Predictors() {}

    /**
     * Create a classifier for a model, which is closed with it. Thread-safe if {@code encode} is.
     *
     * @param encode creates the network's inputs, one row each, as in training
     * @throws LimbeckException if it is a regression model
     */
    public static <X> Classifier<X> classifier(SavedModel model, Function<List<X>, Inputs> encode) {
        Network<X> network = network(model, encode);
        if (network.task().kind() == Task.Kind.REGRESSION) {
            throw new LimbeckException("the model predicts numbers, not classes; create a regressor");
        }
        return new Classifier<>() {
            @Override
            public List<String> classNames() {
                return network.task().names();
            }

            @Override
            public List<Prediction> predictAll(List<X> inputs) {
                return network.outputs(inputs).stream()
                        .map(logits -> new Prediction(network.named(logits.length), logits))
                        .toList();
            }

            @Override
            public void close() {
                network.close();
            }
        };
    }

    /**
     * Create a regressor for a model, which is closed with it. Thread-safe if {@code encode} is.
     *
     * @param encode creates the network's inputs, one row each, as in training
     * @throws LimbeckException if it is a classifier
     */
    public static <X> Regressor<X> regressor(SavedModel model, Function<List<X>, Inputs> encode) {
        Network<X> network = network(model, encode);
        if (network.task().kind() != Task.Kind.REGRESSION) {
            throw new LimbeckException("the model predicts classes, not numbers; create a classifier");
        }
        return new Regressor<>() {
            @Override
            public List<String> targetNames() {
                return network.task().names();
            }

            @Override
            public List<Map<String, Double>> predictAll(List<X> inputs) {
                return network.outputs(inputs).stream()
                        .map(outputs -> network.task().named(network.task().decode(outputs)))
                        .toList();
            }

            @Override
            public void close() {
                network.close();
            }
        };
    }

    private static <X> Network<X> network(SavedModel model, Function<List<X>, Inputs> encode) {
        // Not Module.predict, which switches modes: the model stays in evaluation mode.
        return new Network<>(
                encode,
                inputs -> model.module().apply(model.module().adapt(inputs)),
                model::close,
                model.task(),
                model.module().parameterCount());
    }
}
