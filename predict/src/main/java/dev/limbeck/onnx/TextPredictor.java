package dev.limbeck.onnx;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import dev.limbeck.text.TextPreprocessing;
import java.nio.file.Path;
import java.util.List;

/**
 * Classify texts with a student that {@code limbeck export} wrote as ONNX. The preprocessing is read from the file.
 * Thread-safe.
 *
 * <pre>{@code
 * try (TextPredictor predictor = TextPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     System.out.println(predictor.predict("Where is my card?").className());
 * }
 * }</pre>
 */
public final class TextPredictor implements Classifier<String> {
    private final OnnxRowNetwork<String> network;

    private TextPredictor(OnnxRowNetwork<String> network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TextPredictor open(Path model) {
        return new TextPredictor(OnnxRowNetwork.open(model, TextPreprocessing.KIND, false, metadata -> {
            TextPreprocessing text = TextPreprocessing.of("text").with(metadata);
            return one -> new OnnxRowNetwork.Encoded(new float[0], text.encode(one));
        }));
    }

    @Override
    public List<String> classNames() {
        return network.task().names();
    }

    @Override
    public List<Prediction> predictAll(List<String> inputs) {
        return network.outputs(inputs).stream()
                .map(logits -> new Prediction(network.task(), logits))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
