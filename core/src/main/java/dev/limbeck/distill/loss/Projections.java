package dev.limbeck.distill.loss;

import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Init;
import org.bytedeco.pytorch.Tensor;

/** Create projections from one network's features to another's. */
public final class Projections {
    private Projections() {}

    /** Create a convolution with bias that keeps height and width, with PyTorch's initialization. */
    public static Conv2d conv(long in, long out, long kernel) {
        long fanIn = in * kernel * kernel;
        Tensor weight = Init.uniformFanIn(fanIn, out, in, kernel, kernel);
        return Conv2d.of(weight, Init.uniformFanIn(fanIn, out), 1, kernel / 2);
    }
}
