package dev.limbeck.nn;

import dev.limbeck.tensor.Ops;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/** Convolve N×in×H×W to N×out×H'×W' with a square kernel; the weight is out×(in/groups)×k×k. */
public final class Conv2d extends Module {
    private final Tensor weight;
    private final long stride;
    private final long padding;
    private final long groups;

    private Conv2d(Tensor weight, long stride, long padding, long groups) {
        this.weight = parameter("weight", weight);
        this.stride = stride;
        this.padding = padding;
        this.groups = groups;
    }

    /** Make a convolution without bias, initialised as torchvision's ResNets are (Kaiming normal, fan out). */
    public static Conv2d of(long in, long out, long kernel, long stride, long padding) {
        return new Conv2d(Init.kaimingNormalFanOut(out, in, kernel, kernel), stride, padding, 1);
    }

    /** Make a convolution without bias around a given initial weight. */
    public static Conv2d of(Tensor weight, long stride, long padding, long groups) {
        return new Conv2d(weight, stride, padding, groups);
    }

    @Override
    protected Tensor forward(Tensor x) {
        return Ops.conv2d(x, weight, null, stride, padding, 1, groups);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.conv2d(x, self.weight, None, [%1$d, %1$d], [%2$d, %2$d], [1, 1], %3$d)
                """, stride, padding, groups);
    }
}
