package dev.limbeck.tensor;

import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Convolve around what the engine's release gets wrong on AVX-512 processors, silently, in output and gradients: a kernel
 * wider than a pixel with a number of channels that is no multiple of 16, where input or weight is not clearly channels last;
 * in bfloat16, the input's gradient for an odd number of outputs. So both are laid out channels last, which costs nothing for
 * those that are so already, single channels get a second one of zeros, and the rest stays float32. {@code ConvolutionTest}
 * holds this to double precision.
 */
final class Convolution {

    /** Some virtual machines hide how large the processor's caches are. */
    private static final boolean HIDES_CACHES = Files.isDirectory(Path.of("/sys/devices/system/cpu"))
            && !Files.isDirectory(Path.of("/sys/devices/system/cpu/cpu0/cache"));

    private Convolution() {}

    /**
     * Return whether a kernel of one pixel is not to be trusted with channels last: where no cache sizes are known, the library
     * plans its blocks wrongly. Outputs are wrong, or the process ends with a division by zero.
     */
    static boolean isUntrusted(Tensor weight) {
        return HIDES_CACHES && weight.dim() == 4 && weight.size(2) * weight.size(3) == 1;
    }

    static Tensor of(
            Tensor x, Tensor weight, TensorOptional bias, long stride, long padding, long dilation, long groups) {
        if (Autocast.isOn(x) && !isRightInBf16(x, weight)) {
            try (Autocast full = Autocast.to(Precision.FP32, x.device())) {
                return of(Tensors.inFull(x), weight, bias, stride, padding, dilation, groups);
            }
        }
        boolean wide = weight.size(3) > 1;
        if (wide && weight.size(1) == 1 && groups == 1) {
            Tensor two = Ops.padChannels(weight, 0, 1);
            return of(Ops.padChannels(x, 0, 1), two, bias, stride, padding, dilation, 1);
        }
        if (wide && weight.size(1) == 1 && weight.size(0) != groups) {
            return groupByGroup(x, weight, bias, stride, padding, dilation, groups);
        }
        if (isUntrusted(weight) && x.is_cpu() && groups == 1 && padding == 0) return product(x, weight, bias, stride);
        return torch.conv2d(
                wide || Autocast.isOn(x) ? Tensors.channelsLast(x) : x,
                wide ? Tensors.channelsLast(weight) : weight,
                bias,
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {dilation, dilation},
                groups);
    }

    /** Convolve single channels to several outputs each. */
    private static Tensor groupByGroup(
            Tensor x, Tensor weight, TensorOptional bias, long stride, long padding, long dilation, long groups) {
        Tensor[] parts = new Tensor[Math.toIntExact(groups)];
        long outputs = weight.size(0) / groups;
        for (int g = 0; g < parts.length; g++) {
            Tensor own = weight.narrow(0, g * outputs, outputs);
            parts[g] = of(x.narrow(1, g, 1), own, new TensorOptional(), stride, padding, dilation, 1);
        }
        Tensor joined = Ops.cat(1, parts);
        return bias.has_value() ? joined.add(bias.get().view(1, -1, 1, 1)) : joined;
    }

    /** Compute it as a matrix product over the channels of each pixel. */
    private static Tensor product(Tensor x, Tensor weight, TensorOptional bias, long stride) {
        Tensor seen = stride == 1 ? x : Ops.every(Ops.every(x, 2, stride), 3, stride);
        Tensor pixels = Tensors.channelsLast(seen).permute(0, 2, 3, 1);
        return torch.linear(pixels, weight.reshape(weight.size(0), weight.size(1)), bias)
                .permute(0, 3, 1, 2);
    }

    private static boolean isRightInBf16(Tensor x, Tensor weight) {
        return x.is_cuda() || x.size(1) > 1 && x.size(2) * x.size(3) > 1 && weight.size(0) % 2 == 0;
    }
}
