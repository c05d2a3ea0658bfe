package dev.limbeck.nn;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * Drop whole rows at random in training mode and scale the others by 1/(1−p): a block's residual branch is skipped for
 * some images. In evaluation mode, return the input.
 *
 * <p>Huang et al., Deep Networks with Stochastic Depth, ECCV 2016.
 */
public final class StochasticDepth extends Module {
    private final double probability;

    /** Create a layer with a drop probability in [0, 1). */
    public StochasticDepth(double probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("the probability must be in [0, 1), found " + probability);
        }
        this.probability = probability;
    }

    @Override
    protected Tensor forward(Tensor x) {
        if (!isTraining() || probability == 0) return x;
        long[] shape = new long[x.shape().length];
        Arrays.fill(shape, 1);
        shape[0] = x.size(0);
        Tensor ones = Tensors.to(Tensors.to(Tensors.full(1, DType.FLOAT32, shape), DType.of(x)), x.device());
        return x.mul(LayerOps.dropout(ones, probability, true));
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return x\n";
    }
}
