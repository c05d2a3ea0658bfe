package dev.limbeck.onnx;

import dev.limbeck.Regressor;
import dev.limbeck.table.TablePreprocessing;
import java.nio.file.Path;
import java.util.List;
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
public final class TableRegressionPredictor implements Regressor<Map<String, ?>> {
    private final OnnxRowNetwork<Map<String, ?>> network;

    private TableRegressionPredictor(OnnxRowNetwork<Map<String, ?>> network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TableRegressionPredictor open(Path model) {
        return new TableRegressionPredictor(OnnxRowNetwork.open(model, TablePreprocessing.KIND, true, metadata -> {
            TablePreprocessing table = TablePreprocessing.of(metadata);
            return row -> {
                TablePreprocessing.Encoded encoded = table.encode(row);
                return new OnnxRowNetwork.Encoded(encoded.numbers(), encoded.ids());
            };
        }));
    }

    @Override
    public List<String> targetNames() {
        return network.task().names();
    }

    @Override
    public List<Map<String, Double>> predictAll(List<Map<String, ?>> inputs) {
        return network.outputs(inputs).stream()
                .map(outputs -> network.task().named(outputs))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
