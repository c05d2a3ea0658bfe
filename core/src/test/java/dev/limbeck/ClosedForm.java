package dev.limbeck;

import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Create weights and inputs by formula, so that golden values need no data files; see golden/trajectory.json. */
public final class ClosedForm {
    private ClosedForm() {}

    /** Set every parameter by the formula of golden/trajectory.json. */
    public static void fill(Module network, double phase) {
        int i = 0;
        for (Map.Entry<String, Tensor> entry : network.parameters().entrySet()) {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                Tensor tensor = entry.getValue();
                int count = Math.toIntExact(tensor.numel());
                float[] values = new float[count];
                if (tensor.dim() >= 2) {
                    long fanIn = count / tensor.size(0);
                    for (int k = 0; k < count; k++) {
                        double v = 43758.5453 * Math.sin(12.9898 * k + 78.233 * (i + 1) + phase);
                        values[k] = (float) (Math.sqrt(6.0 / fanIn) * (2 * (v - Math.floor(v)) - 1));
                    }
                } else if (entry.getKey().endsWith("weight")) {
                    java.util.Arrays.fill(values, 1);
                }
                tensor.copy_(Tensors.of(values, tensor.shape()));
            }
            i++;
        }
    }

    /** Create the images of one step: sin(0.017k + 0.9·step) + 0.5·cos(0.00131k·(step+1)), rounded to float32. */
    public static Tensor images(int step, long... shape) {
        int count = 1;
        for (long size : shape) count *= (int) size;
        float[] values = new float[count];
        for (int k = 0; k < count; k++) {
            values[k] = (float) (Math.sin(0.017 * k + 0.9 * step) + 0.5 * Math.cos(0.00131 * k * (step + 1)));
        }
        return Tensors.of(values, shape);
    }

    /** Create a float64 tensor by a function of the flat index. */
    public static Tensor float64(java.util.function.IntToDoubleFunction value, long... shape) {
        int count = 1;
        for (long size : shape) count *= (int) size;
        double[] values = new double[count];
        for (int k = 0; k < count; k++) values[k] = value.applyAsDouble(k);
        return Tensors.to(Tensors.of(values, shape), DType.FLOAT64);
    }
}
