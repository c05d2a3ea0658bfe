package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/** Return x·Φ(x) (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016). */
public final class GELU extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.gelu(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.gelu(x)\n";
    }
}
