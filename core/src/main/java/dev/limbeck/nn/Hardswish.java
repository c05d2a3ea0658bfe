package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/** Return x·min(max(x + 3, 0), 6)/6 (Howard et al., Searching for MobileNetV3, ICCV 2019). */
public final class Hardswish extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.hardswish(x);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.hardswish(x)\n";
    }
}
