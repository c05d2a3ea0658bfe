package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Apply a linear layer, N×in to N×out: x·Wᵀ + b. The weight has shape out×in. */
public final class Linear extends Module {
    private final Tensor weight;
    private final @Nullable Tensor bias;

    /** Create a layer with PyTorch's default initialization: uniform in ±1/√in. */
    public Linear(long in, long out) {
        this(Init.uniformFanIn(in, out, in), Init.uniformFanIn(in, out));
    }

    /** Create a layer from initial weights of shapes out×in and out; null for no bias. */
    public Linear(Tensor weight, @Nullable Tensor bias) {
        this.weight = parameter("weight", weight);
        this.bias = bias == null ? null : parameter("bias", bias);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.linear(x, used(weight), bias);
    }

    @Override
    public String script() {
        return """
                def forward(self, x: Tensor):
                    return torch.linear(x, self.weight, %s)
                """.formatted(bias == null ? "None" : "self.bias");
    }
}
