package dev.limbeck.train;

import dev.limbeck.data.Batch;
import dev.limbeck.data.BatchStream;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Run a model over a split in evaluation mode, without gradients and without a trace in its statistics. */
public final class Evaluator {
    private Evaluator() {}

    /** Judge a model that lives on {@code device}; modes are afterwards as before. */
    public static Validation run(
            Module model, Data data, Split split, Device device, List<Metric> metrics, BinaryOperator<Tensor> loss) {
        int[] labels = data.labels(split);
        float[] logits = new float[0];
        int classes = 0;
        double lossSum = 0;
        long lossRows = 0;
        int row = 0;
        try (BatchStream batches = data.evaluate(split);
                Module.ModeGuard mode = model.evalMode();
                NoGrad noGrad = NoGrad.on()) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    Tensor output = model.apply(Tensors.to(batch.input(), device));
                    if (classes == 0) {
                        classes = Math.toIntExact(output.size(1));
                        logits = new float[labels.length * classes];
                    }
                    float[] values = Tensors.toFloats(output);
                    System.arraycopy(values, 0, logits, row * classes, values.length);
                    int from = row;
                    long labelled = Arrays.stream(labels, from, from + batch.size())
                            .filter(label -> label >= 0)
                            .count();
                    if (labelled > 0) {
                        lossSum += labelled
                                * loss.apply(output, Tensors.to(batch.labels(), device))
                                        .item_double();
                        lossRows += labelled;
                    }
                    row += batch.size();
                }
            }
        }
        Predictions predictions = new Predictions(logits, classes, labels);
        Map<String, Double> values = new LinkedHashMap<>();
        for (Metric metric : metrics) values.put(metric.name(), metric.of(predictions));
        return new Validation(lossRows == 0 ? Double.NaN : lossSum / lossRows, values, predictions);
    }
}
