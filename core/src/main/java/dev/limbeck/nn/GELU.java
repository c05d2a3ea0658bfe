package dev.limbeck.nn;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Return x·Φ(x) (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016). */
public final class GELU extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return Ops.gelu(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.gelu(x)\n";
    }
}
