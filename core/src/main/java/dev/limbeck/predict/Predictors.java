package dev.limbeck.predict;

import dev.limbeck.Classifier;
import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.Preprocessing;
import dev.limbeck.Regressor;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.model.SavedModel;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
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
        return classifier(network(model, encode));
    }

    /**
     * Create a classifier for a TorchScript or ONNX file, which is closed with it.
     *
     * @param how the preprocessing that {@code encode} applies
     * @param encode creates the file's inputs, one row each
     * @param examples rows to detect the kind of output from, if the file does not say it
     * @throws LimbeckException if it is a regression model
     */
    public static <X> Classifier<X> classifier(
            FileTeacher file, Preprocessing how, Function<List<X>, Inputs> encode, List<X> examples) {
        return classifier(network(file, how, encode, examples));
    }

    private static <X> Classifier<X> classifier(Network<X> network) {
        Task.Kind kind = network.task().kind();
        if (kind == Task.Kind.REGRESSION || kind == Task.Kind.EMBEDDING) {
            network.close();
            throw new LimbeckException(
                    kind == Task.Kind.EMBEDDING
                            ? "the model returns embeddings, not classes; train a classifier that starts from it (--weights FILE)"
                            : "the model predicts numbers, not classes; create a regressor");
        }
        return new Classifier<>() {
            @Override
            public List<String> classNames() {
                return network.task().names();
            }

            @Override
            public List<Prediction> predictAll(List<X> inputs) {
                return network.predictions(inputs);
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
        return regressor(network(model, encode));
    }

    /** Create a regressor for a TorchScript or ONNX file; see {@link #classifier(FileTeacher, Preprocessing, Function, List)}. */
    public static <X> Regressor<X> regressor(
            FileTeacher file, Preprocessing how, Function<List<X>, Inputs> encode, List<X> examples) {
        return regressor(network(file, how, encode, examples));
    }

    private static <X> Regressor<X> regressor(Network<X> network) {
        if (network.task().kind() != Task.Kind.REGRESSION) {
            network.close();
            throw new LimbeckException("the model predicts classes, not numbers; create a classifier");
        }
        return new Regressor<>() {
            @Override
            public List<String> targetNames() {
                return network.task().names();
            }

            @Override
            public List<Map<String, Double>> predictAll(List<X> inputs) {
                return network.numbers(inputs);
            }

            @Override
            public void close() {
                network.close();
            }
        };
    }

    private static <X> Network<X> network(
            FileTeacher file, Preprocessing how, Function<List<X>, Inputs> encode, List<X> examples) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            FileTeacher known = file.knownBy(how, encode.apply(examples));
            return new Network<>(
                    encode,
                    inputs -> known.logits(how, inputs),
                    file::close,
                    file.task(new Task.SingleLabel(file.classNames())));
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static <X> Network<X> network(SavedModel model, Function<List<X>, Inputs> encode) {
        // Not Module.predict, which switches modes: the model stays in evaluation mode.
        return new Network<>(
                encode, inputs -> model.module().apply(model.module().adapt(inputs)), model::close, model.task());
    }
}
