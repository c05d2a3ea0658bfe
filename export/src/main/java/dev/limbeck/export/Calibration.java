package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.nio.FloatBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** Measure the value ranges of a network's tensors on images. */
final class Calibration {
    static final int IMAGES = 256;

    private Calibration() {}

    /**
     * Run a model on images and record the ranges.
     *
     * @param prepare converts a batch of the data to the model's input
     * @return minimum and maximum of each tensor, by name
     */
    static Map<String, float[]> of(
            ModelProto model, List<String> tensors, Data data, Split split, UnaryOperator<Tensor> prepare) {
        Map<String, float[]> ranges = new HashMap<>();
        byte[] bytes = OnnxQuantizer.observing(model, tensors).toByteArray();
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                OrtSession session = OrtEnvironment.getEnvironment().createSession(bytes);
                DataLoader batches = data.sample(split, IMAGES)) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    watch(session, prepare.apply(batch.input()), tensors, ranges);
                }
            }
            return ranges;
        } catch (OrtException e) {
            throw new LimbeckException("the model can't be calibrated: " + e.getMessage(), e);
        }
    }

    private static void watch(OrtSession session, Tensor batch, List<String> tensors, Map<String, float[]> ranges)
            throws OrtException {
        FloatBuffer values = FloatBuffer.wrap(Tensors.toFloats(batch));
        for (String tensor : tensors) if (tensor.equals(OnnxFile.INPUT)) widen(ranges, tensor, values.duplicate());
        try (ExitGate inside = ExitGate.enterUnlessEnding();
                OnnxTensor given = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), values, batch.shape());
                OrtSession.Result result = session.run(Map.of(OnnxFile.INPUT, given))) {
            for (String tensor : tensors) {
                if (tensor.equals(OnnxFile.INPUT)) continue;
                OnnxTensor found = (OnnxTensor)
                        result.get(tensor).orElseThrow(() -> new IllegalStateException("no output " + tensor));
                widen(ranges, tensor, found.getFloatBuffer());
            }
        }
    }

    private static void widen(Map<String, float[]> ranges, String tensor, FloatBuffer values) {
        float[] range =
                ranges.computeIfAbsent(tensor, name -> new float[] {Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY});
        while (values.hasRemaining()) {
            float value = values.get();
            range[0] = Math.min(range[0], value);
            range[1] = Math.max(range[1], value);
        }
    }
}
