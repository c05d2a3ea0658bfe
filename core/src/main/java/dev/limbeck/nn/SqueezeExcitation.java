package dev.limbeck.nn;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Scale the channels of N×C×H×W by weights that a small network computes from their means.
 *
 * <p>Hu et al., Squeeze-and-Excitation Networks, CVPR 2018.
 */
public final class SqueezeExcitation extends Module {
    private final Conv2d fc1;
    private final Conv2d fc2;
    private final boolean hard;

    private SqueezeExcitation(long channels, long squeezed, boolean hard) {
        fc1 = child("fc1", convolution(channels, squeezed));
        fc2 = child("fc2", convolution(squeezed, channels));
        this.hard = hard;
    }

    /** Create MobileNetV3's variant: ReLU inside, hard sigmoid for the weights. */
    public static SqueezeExcitation hard(long channels, long squeezed) {
        return new SqueezeExcitation(channels, squeezed, true);
    }

    /** Create EfficientNet's variant: SiLU inside, sigmoid for the weights. */
    public static SqueezeExcitation smooth(long channels, long squeezed) {
        return new SqueezeExcitation(channels, squeezed, false);
    }

    private static Conv2d convolution(long in, long out) {
        return Conv2d.of(Init.kaimingNormalFanOut(out, in, 1, 1), Tensors.zeros(DType.FLOAT32, out), 1, 0);
    }

    @Override
    protected Tensor forward(Tensor x) {
        Tensor inner = fc1.apply(LayerOps.adaptiveAvgPool2d(x, 1, 1));
        Tensor weights = fc2.apply(hard ? inner.relu() : LayerOps.silu(inner));
        return x.mul(hard ? LayerOps.hardsigmoid(weights) : weights.sigmoid());
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    h = torch.%s(self.fc1.forward(torch.adaptive_avg_pool2d(x, [1, 1])))
                    return x * torch.%s(self.fc2.forward(h))
                """.formatted(hard ? "relu" : "silu", hard ? "hardsigmoid" : "sigmoid");
    }
}
