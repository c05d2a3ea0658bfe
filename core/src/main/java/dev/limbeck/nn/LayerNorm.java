package dev.limbeck.nn;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/** Normalize the last dimension of each row, then scale and shift it (Ba et al., Layer Normalization, 2016). */
public final class LayerNorm extends Module {
    private final Tensor weight;
    private final Tensor bias;
    private final double eps;

    /**
     * Create a layer.
     *
     * @param width size of the last dimension
     * @param eps term added to the variance
     */
    public LayerNorm(long width, double eps) {
        weight = parameter("weight", Tensors.full(1, DType.FLOAT32, width));
        bias = parameter("bias", Tensors.zeros(DType.FLOAT32, width));
        this.eps = eps;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.layerNorm(x, weight, bias, eps);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.layer_norm(x, [%d], self.weight, self.bias, %s, True)
                """, weight.size(0), eps);
    }
}
