package dev.limbeck.nn;

import org.bytedeco.pytorch.Tensor;

/** Flatten N×… to N×features. */
public final class Flatten extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return x.flatten(1, -1);
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.flatten(x, 1)\n";
    }
}
