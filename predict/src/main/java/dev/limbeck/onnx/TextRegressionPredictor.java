package dev.limbeck.onnx;

import java.nio.file.Path;

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
public final class TextRegressionPredictor extends RowRegressor<String> {
    private TextRegressionPredictor(OnnxRowNetwork<String> network) {
        super(network);
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TextRegressionPredictor open(Path model) {
        return new TextRegressionPredictor(OnnxRowNetwork.texts(model, true));
    }
}
