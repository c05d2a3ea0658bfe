package dev.limbeck.tensor;

import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Run convolutions, and avoid engine bugs on AVX-512 processors that give wrong results or crash. The engine's oneDNN
 * 3.7.1 loses values when it converts float32 from a row-major layout to a blocked one with a partial last block. It
 * writes out of bounds or divides by zero in some 1×1 convolutions. In bfloat16 it computes a wrong input gradient for
 * an odd number of outputs. Therefore 1×1 convolutions are matrix products, wide kernels and their inputs use
 * channels-last layout (free if they have it already), single channels are padded with a zero channel, and cases that
 * are wrong in bfloat16 use float32. {@code ConvolutionTest} compares all of this with double precision.
 */
final class Convolution {
    private Convolution() {}

    static Tensor of(
            Tensor x, Tensor weight, TensorOptional bias, long stride, long padding, long dilation, long groups) {
        boolean wide = weight.size(3) > 1;
        if (!wide && groups == 1 && padding == 0 && !x.is_cuda()) return onePixel(x, weight, bias, stride);
        if (Autocast.isOn(x) && !isRightInBf16(x, weight)) {
            try (Autocast full = Autocast.to(Precision.FP32, x.device())) {
                return of(Tensors.toFloat32(x), weight, bias, stride, padding, dilation, groups);
            }
        }
        if (wide && weight.size(1) == 1 && groups == 1) {
            Tensor two = Ops.padChannels(weight, 0, 1);
            return of(Ops.padChannels(x, 0, 1), two, bias, stride, padding, dilation, 1);
        }
        if (wide && weight.size(1) == 1 && weight.size(0) != groups) {
            // Each output gets its own channel.
            long outputs = weight.size(0);
            Tensor each = x.repeat_interleave(outputs / groups, new LongOptional(1), new LongOptional());
            return of(each, weight, bias, stride, padding, dilation, outputs);
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

    /** Multiply the channels of every pixel. The result is channels-last. */
    private static Tensor onePixel(Tensor x, Tensor weight, TensorOptional bias, long stride) {
        Tensor taken = stride == 1 ? x : Ops.strided(Ops.strided(x, 2, stride), 3, stride);
        Tensor matrix = weight.view(weight.size(0), weight.size(1));
        return torch.linear(taken.permute(0, 2, 3, 1), matrix, bias).permute(0, 3, 1, 2);
    }

    private static boolean isRightInBf16(Tensor x, Tensor weight) {
        return x.is_cuda() || x.size(1) > 1 && x.size(2) * x.size(3) > 1 && weight.size(0) % 2 == 0;
    }
}
