package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;

/**
 * Zero elements at random in training mode and scale the others by 1/(1−p), p in [0, 1). In evaluation mode, return the
 * input.
 */
public final class Dropout extends Module {
    private final double probability;

    public Dropout(double probability) {
        if (!(probability >= 0 && probability < 1)) {
            throw new IllegalArgumentException("dropout probability must be in [0, 1), found " + probability);
        }
        this.probability = probability;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.dropout(x, probability, isTraining());
    }

    @Override
    public String script() {
        return "def forward(self, x: Tensor):\n    return x\n";
    }
}
