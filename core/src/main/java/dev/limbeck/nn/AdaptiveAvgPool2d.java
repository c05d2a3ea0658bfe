package dev.limbeck.nn;

import dev.limbeck.tensor.LayerOps;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/** Apply adaptive average pooling to N×C×H×W. */
public final class AdaptiveAvgPool2d extends Module {
    private final long height;
    private final long width;

    public AdaptiveAvgPool2d(long height, long width) {
        this.height = height;
        this.width = width;
    }

    @Override
    protected Tensor forward(Tensor x) {
        return LayerOps.adaptiveAvgPool2d(x, height, width);
    }

    @Override
    public String script() {
        return String.format(Locale.ROOT, """
                def forward(self, x: Tensor):
                    return torch.adaptive_avg_pool2d(x, [%d, %d])
                """, height, width);
    }
}
