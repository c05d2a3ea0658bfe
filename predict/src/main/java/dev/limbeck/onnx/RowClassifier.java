package dev.limbeck.onnx;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import java.util.List;

/** Classify texts or rows of tables. */
abstract class RowClassifier<X> implements Classifier<X> {
    private final OnnxRowNetwork<X> network;

    RowClassifier(OnnxRowNetwork<X> network) {
        this.network = network;
    }

    @Override
    public List<String> classNames() {
        return network.task().names();
    }

    @Override
    public List<Prediction> predictAll(List<X> inputs) {
        return network.outputs(inputs).stream()
                .map(logits -> new Prediction(network.task(), logits))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
