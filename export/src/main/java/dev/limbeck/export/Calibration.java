package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Measure the value ranges of a network's tensors on rows of data. */
final class Calibration {
    static final int ROWS = 256;

    private Calibration() {}

    /**
     * Run a model on images and record the ranges.
     *
     * @param prepare converts a batch of the data to the model's inputs
     * @return minimum and maximum of each tensor, by name
     */
    static Map<String, float[]> of(
            ModelProto model, List<String> tensors, Data data, Split split, UnaryOperator<Inputs> prepare) {
        Map<String, float[]> ranges = new HashMap<>();
        if (tensors.isEmpty()) return ranges;
        byte[] bytes = OnnxQuantizer.observing(model, tensors).toByteArray();
        try (OnnxModel observed = OnnxModel.open(bytes);
                DataLoader batches = data.sample(split, ROWS)) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    watch(observed, prepare.apply(batch.inputs()), tensors, ranges);
                }
            }
            return ranges;
        }
    }

    private static void watch(OnnxModel model, Inputs inputs, List<String> tensors, Map<String, float[]> ranges) {
        List<String> computed = new ArrayList<>(tensors);
        int at = 0;
        for (Tensor input : inputs.tensors().values()) {
            String name = model.inputs().get(at++).name();
            if (computed.remove(name)) widen(ranges, name, Tensors.toFloats(input));
        }
        model.forward(inputs, computed).forEach((name, output) -> widen(ranges, name, output.values()));
    }

    private static void widen(Map<String, float[]> ranges, String tensor, float... values) {
        float[] range =
                ranges.computeIfAbsent(tensor, name -> new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY});
        for (float value : values) {
            range[0] = Math.min(range[0], value);
            range[1] = Math.max(range[1], value);
        }
    }
}
