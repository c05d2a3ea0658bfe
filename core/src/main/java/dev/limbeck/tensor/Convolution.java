package dev.limbeck.tensor;

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
    private Convolution() {}

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

    private static boolean isRightInBf16(Tensor x, Tensor weight) {
        return x.is_cuda() || x.size(1) > 1 && x.size(2) * x.size(3) > 1 && weight.size(0) % 2 == 0;
    }
}
