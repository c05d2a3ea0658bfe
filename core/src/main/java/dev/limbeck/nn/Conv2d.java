package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Apply a 2-d convolution with a square kernel, N×in×H×W to N×out×H'×W'. The weight has shape out×(in/groups)×k×k. */
public final class Conv2d extends Module {
    private final Tensor weight;
    private final @Nullable Tensor bias;
    private final long stride;
    private final long padding;
    private final long groups;

    private Conv2d(Tensor weight, @Nullable Tensor bias, long stride, long padding, long groups) {
        // Channels-last, as convolutions prefer it; files are row-major.
        this.weight = parameter("weight", Tensors.channelsLast(weight));
        this.bias = bias == null ? null : parameter("bias", bias);
        this.stride = stride;
        this.padding = padding;
        this.groups = groups;
    }

    /** Create a convolution without bias, with torchvision's ResNet initialization (Kaiming normal, fan out). */
    public static Conv2d of(long in, long out, long kernel, long stride, long padding) {
        try (Scope scope = Scope.open()) {
            return of(Init.kaimingNormalFanOut(out, in, kernel, kernel), stride, padding, 1);
        }
    }

    /** Create a convolution without bias from an initial weight. */
    public static Conv2d of(Tensor weight, long stride, long padding, long groups) {
        return new Conv2d(weight, null, stride, padding, groups);
    }

    /** Create a convolution from an initial weight and bias. */
    public static Conv2d of(Tensor weight, Tensor bias, long stride, long padding) {
        return new Conv2d(weight, bias, stride, padding, 1);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.conv2d(x, used(weight), bias, stride, padding, 1, groups);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.conv2d(x, self.weight, %4$s, [%1$d, %1$d], [%2$d, %2$d], [1, 1], %3$d)
                """, stride, padding, groups, bias == null ? "None" : "self.bias");
    }
}
