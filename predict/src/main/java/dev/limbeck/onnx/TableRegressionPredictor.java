package dev.limbeck.onnx;

import java.nio.file.Path;
import java.util.Map;

/**
 * Predict numbers for rows of tables with a student that {@code limbeck export} wrote as ONNX. The preprocessing is read from the file.
 * Thread-safe.
 *
 * <pre>{@code
 * try (TableRegressionPredictor predictor = TableRegressionPredictor.open(Path.of("dist/student/model.onnx"))) {
 *     System.out.println(predictor.predict(Map.of("age", 39, "education", "Bachelors")));
 * }
 * }</pre>
 */
public final class TableRegressionPredictor extends RowRegressor<Map<String, ?>> {
    private TableRegressionPredictor(OnnxRowNetwork<Map<String, ?>> network) {
        super(network);
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TableRegressionPredictor open(Path model) {
        return new TableRegressionPredictor(OnnxRowNetwork.tables(model, true));
    }
}
