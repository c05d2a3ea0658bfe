package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/**
 * Apply a 1-d convolution, N×in×length to N×out×(length + 2·padding − kernel + 1), padded with zeros at both ends. The weight has shape
 * out×in×kernel, as PyTorch's.
 */
public final class Conv1d extends Module {
    private final Tensor weight;
    private final Tensor bias;
    private final long padding;

    /** Create a convolution with PyTorch's default initialization: uniform in ±1/√(in·kernel). */
    public Conv1d(long in, long out, long kernel, long padding) {
        this.padding = padding;
        weight = parameter("weight", Init.uniformFanIn(in * kernel, out, in, kernel));
        bias = parameter("bias", Init.uniformFanIn(in * kernel, out));
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor image = Ops.padLast(x, padding, padding, 0).unsqueeze(2);
        return LayerOps.conv2d(image, weight.unsqueeze(2), bias, 1, 0, 1, 1).squeeze(2);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.conv1d(x, self.weight, self.bias, [1], [%d], [1], 1)
                """, padding);
    }
}
