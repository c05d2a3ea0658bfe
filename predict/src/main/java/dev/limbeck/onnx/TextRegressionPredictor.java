package dev.limbeck.onnx;

import dev.limbeck.Regressor;
import dev.limbeck.text.TextPreprocessing;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Predict numbers for texts with a student that {@code limbeck export} wrote as ONNX. The preprocessing is read from the file.
 * Thread-safe.
 *
 * <pre>{@code
 * try (TextRegressionPredictor predictor = TextRegressionPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     System.out.println(predictor.predict("Where is my card?"));
 * }
 * }</pre>
 */
public final class TextRegressionPredictor implements Regressor<String> {
    private final OnnxRowNetwork<String> network;

    private TextRegressionPredictor(OnnxRowNetwork<String> network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TextRegressionPredictor open(Path model) {
        return new TextRegressionPredictor(OnnxRowNetwork.open(model, TextPreprocessing.KIND, true, metadata -> {
            TextPreprocessing text = TextPreprocessing.of("text").with(metadata);
            return one -> new OnnxRowNetwork.Encoded(new float[0], text.encode(one));
        }));
    }

    @Override
    public List<String> targetNames() {
        return network.task().names();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<String> inputs) {
        return network.outputs(inputs).stream()
                .map(outputs -> network.task().named(outputs))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
