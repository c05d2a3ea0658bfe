package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/** Apply max pooling with a square window to N×C×H×W. */
public final class MaxPool2d extends Module {
    private final long kernel;
    private final long stride;
    private final long padding;

    public MaxPool2d(long kernel, long stride, long padding) {
        this.kernel = kernel;
        this.stride = stride;
        this.padding = padding;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.maxPool2d(x, kernel, stride, padding);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.max_pool2d(x, [%1$d, %1$d], [%2$d, %2$d], [%3$d, %3$d], [1, 1], False)
                """, kernel, stride, padding);
    }
}
