package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Concatenate global max and average pooling, N×C×H×W to N×2C×1×1, as in fastai's heads. */
public final class AdaptiveConcatPool2d extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return Ops.cat(1, Ops.amax(x, 2, 3), LayerOps.adaptiveAvgPool2d(x, 1, 1));
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    return torch.cat([torch.amax(x, [2, 3], True), torch.adaptive_avg_pool2d(x, [1, 1])], 1)
                """;
    }
}
