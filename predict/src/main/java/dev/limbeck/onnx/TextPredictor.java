package dev.limbeck.onnx;

import java.nio.file.Path;

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
public final class TextPredictor extends RowClassifier<String> {
    private TextPredictor(OnnxRowNetwork<String> network) {
        super(network);
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TextPredictor open(Path model) {
        return new TextPredictor(OnnxRowNetwork.texts(model, false));
    }
}
