package dev.limbeck.nn;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Create initial weights with the engine's global generator, seeded by {@link Tensors#seed}.
 *
 * <p>Kaiming: He et al., Delving Deep into Rectifiers, ICCV 2015.
 */
public final class Init {
    private Init() {}

    /** Draw from N(0, 2 / fanOut), with fanOut = out channels × kernel area, as in torchvision's ResNets. */
    public static Tensor kaimingNormalFanOut(long... shape) {
        return normal(Math.sqrt(2.0 / (shape[0] * elements(shape, 2))), shape);
    }

    /** Draw from N(0, 2 / fanIn), with fanIn = in channels × kernel area. */
    public static Tensor kaimingNormalFanIn(long... shape) {
        return normal(Math.sqrt(2.0 / elements(shape, 1)), shape);
    }

    /** Draw from N(0, std²). */
    public static Tensor normal(double std, long... shape) {
        return Ops.normal_(Tensors.zeros(DType.FLOAT32, shape), 0, std);
    }

    /** Draw uniformly from ±1/√fanIn: PyTorch's default for linear and convolution layers. */
    public static Tensor uniformFanIn(long fanIn, long... shape) {
        double bound = 1 / Math.sqrt(fanIn);
        return Ops.uniform_(Tensors.zeros(DType.FLOAT32, shape), -bound, bound);
    }

    private static long elements(long[] shape, int from) {
        long count = 1;
        for (int i = from; i < shape.length; i++) count *= shape[i];
        return count;
    }
}
