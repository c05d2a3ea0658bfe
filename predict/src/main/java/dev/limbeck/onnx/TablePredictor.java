package dev.limbeck.onnx;

import java.nio.file.Path;
import java.util.Map;

/**
 * Classify rows of tables with a student that {@code limbeck export} wrote as ONNX. The preprocessing is read from the file.
 * Thread-safe.
 *
 * <pre>{@code
 * try (TablePredictor predictor = TablePredictor.open(Path.of("dist/student/model.onnx"))) {
 *     System.out.println(predictor.predict(Map.of("age", 39, "education", "Bachelors")).className());
 * }
 * }</pre>
 */
public final class TablePredictor extends RowClassifier<Map<String, ?>> {
    private TablePredictor(OnnxRowNetwork<Map<String, ?>> network) {
        super(network);
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TablePredictor open(Path model) {
        return new TablePredictor(OnnxRowNetwork.tables(model, false));
    }
}
