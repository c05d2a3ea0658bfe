package dev.limbeck.zoo;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Init;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Create the layer groups that mobile networks repeat, with torchvision's names and initialization. */
final class Layers {
    /** Image size of ImageNet networks. */
    static final int IMAGENET = 224;

    /** Image size of CIFAR. */
    static final int CIFAR = 32;

    private Layers() {}

    /** Create a convolution without bias, with padding that keeps height and width at stride 1. */
    static Conv2d conv(long in, long out, long kernel, long stride, long groups) {
        return Conv2d.of(Init.kaimingNormalFanOut(out, in / groups, kernel, kernel), stride, (kernel - 1) / 2, groups);
    }

    /** Create convolution, batch norm and an optional activation, named 0, 1 and 2. */
    static Sequential convNorm(
            long in,
            long out,
            long kernel,
            long stride,
            long groups,
            LongFunction<? extends Module> norm,
            @Nullable Supplier<? extends Module> activation) {
        List<Module> steps = new ArrayList<>(List.of(conv(in, out, kernel, stride, groups), norm.apply(out)));
        if (activation != null) steps.add(activation.get());
        return new Sequential(steps);
    }

    static Sequential convNorm(
            long in, long out, long kernel, long stride, long groups, @Nullable Supplier<? extends Module> activation) {
        return convNorm(in, out, kernel, stride, groups, BatchNorm2d::new, activation);
    }

    /** Create a linear layer with weights from N(0, std²) and a bias of 0. */
    static Linear linear(long in, long out, double std) {
        return new Linear(Init.normal(std, out, in), Tensors.zeros(DType.FLOAT32, out));
    }

    /** Round a number of channels to a multiple of 8, at most 10 % down. */
    static long channels(double wanted) {
        long rounded = Math.max(8, (long) (wanted + 4) / 8 * 8);
        return rounded < 0.9 * wanted ? rounded + 8 : rounded;
    }
}
