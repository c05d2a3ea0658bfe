package dev.limbeck.nn;

import org.bytedeco.pytorch.Tensor;

/** Replace negative elements with zero. */
public final class ReLU extends Module {
    @Override
    protected Tensor forward(Tensor x) {
        return x.relu();
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return torch.relu(x)\n";
    }
}
