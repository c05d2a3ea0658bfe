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

/** Make the groups of layers that mobile networks repeat, with torchvision's names and initial weights. */
final class Layers {
    /** Height and width of the images that networks for ImageNet were made for. */
    static final int IMAGENET = 224;

    /** Height and width of CIFAR's images. */
    static final int CIFAR = 32;

    private Layers() {}

    /** Make a convolution without bias whose padding keeps height and width at stride 1. */
    static Conv2d conv(long in, long out, long kernel, long stride, long groups) {
        return Conv2d.of(Init.kaimingNormalFanOut(out, in / groups, kernel, kernel), stride, (kernel - 1) / 2, groups);
    }

    /** Make convolution, batch norm and, unless it is null, an activation; they are named 0, 1 and 2. */
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

    /** Make a linear layer with weights from N(0, std²) and a bias of 0. */
    static Linear linear(long in, long out, double std) {
        return new Linear(Init.normal(std, out, in), Tensors.zeros(DType.FLOAT32, out));
    }

    /** Round a number of channels to a multiple of 8, not down by more than a tenth. */
    static long channels(double wanted) {
        long rounded = Math.max(8, (long) (wanted + 4) / 8 * 8);
        return rounded < 0.9 * wanted ? rounded + 8 : rounded;
    }
}
