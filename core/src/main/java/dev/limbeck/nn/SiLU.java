package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/** Return x·sigmoid(x). */
public final class SiLU extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.silu(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.silu(x)\n";
    }
}
