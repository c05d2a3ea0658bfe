package dev.limbeck.onnx;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import dev.limbeck.table.TablePreprocessing;
import java.nio.file.Path;
import java.util.List;
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
public final class TablePredictor implements Classifier<Map<String, ?>> {
    private final OnnxRowNetwork<Map<String, ?>> network;

    private TablePredictor(OnnxRowNetwork<Map<String, ?>> network) {
        this.network = network;
    }

    /**
     * Open a file.
     *
     * @throws dev.limbeck.LimbeckException if it is missing, damaged, was edited, or predicts something else
     */
    public static TablePredictor open(Path model) {
        return new TablePredictor(OnnxRowNetwork.open(model, TablePreprocessing.KIND, false, metadata -> {
            TablePreprocessing table = TablePreprocessing.of(metadata);
            return row -> {
                TablePreprocessing.Encoded encoded = table.encode(row);
                return new OnnxRowNetwork.Encoded(encoded.numbers(), encoded.ids());
            };
        }));
    }

    @Override
    public List<String> classNames() {
        return network.task().names();
    }

    @Override
    public List<Prediction> predictAll(List<Map<String, ?>> inputs) {
        return network.outputs(inputs).stream()
                .map(logits -> new Prediction(network.task(), logits))
                .toList();
    }

    @Override
    public void close() {
        network.close();
    }
}
