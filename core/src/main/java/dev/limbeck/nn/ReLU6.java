package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/** Clip elements to [0, 6]. */
public final class ReLU6 extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.relu6(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.relu6(x)\n";
    }
}
