package dev.limbeck.tensor;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Run convolutions: wide kernels in channels-last layout, which is the faster one, and around what the engine computes wrongly,
 * as {@code bench/run.sh ConvolutionShapes} finds it. In float32 on AVX2 the weight's gradient of a 1×1 kernel with a stride and
 * few channels is wrong, so the skipped pixels are left out first. In bfloat16 the weight's gradient is garbage for a wide kernel
 * on images of one pixel and for a dilated one, so these use float32, and a 1×1 kernel with a stride can end the process, so these
 * are matrix products. An older engine was wrong in more shapes: one channel, an odd number of outputs, and several outputs a channel.
 */
final class Convolution {
    /**
     * Whether oneDNN computes with AVX-512. It is faster for single images then; on AVX2, a product on one thread is faster, also beside a
     * busy neighbor.
     */
    static final boolean AVX512 = Loader.getPlatform().endsWith("x86_64")
            && torch.hasMKLDNN()
            && Engine.cpuCapability().startsWith("AVX512");

    private Convolution() {}

    static Tensor of(
            Tensor x, Tensor weight, TensorOptional bias, long stride, long padding, long dilation, long groups) {
        boolean wide = weight.size(3) > 1;
        boolean bf16 = Autocast.isOn(x) && !x.is_cuda();
        if (bf16 && !isRightInBf16(x, weight, dilation, groups)) {
            try (Autocast full = Autocast.to(Precision.FP32, x.device())) {
                return of(Tensors.toFloat32(x), weight, bias, stride, padding, dilation, groups);
            }
        }
        if (!wide && groups == 1 && padding == 0) {
            if (bf16) return onePixel(x, weight, bias, stride);
            if (stride > 1) return of(strided(x, stride), weight, bias, 1, padding, dilation, groups);
        }
        // In bfloat16, images of one pixel do not come here.
        if (wide && !bf16 && Kn2row.isFaster(x, weight, padding, dilation, groups))
            return Kn2row.conv2d(x, weight, bias, stride, padding);
        if (wide && Im2col.isFaster(x, weight, bf16, stride, padding, dilation, groups)) {
            Tensor half = bf16 ? Tensors.to(x, DType.BFLOAT16) : x;
            return Im2col.conv2d(half, weight, bias, stride, padding);
        }
        Tensor pixels = wide || bf16 ? Tensors.channelsLast(x) : x;
        Tensor kernel = wide ? Tensors.channelsLast(weight) : weight;
        long[] strides = {stride, stride};
        long[] paddings = {padding, padding};
        long[] dilations = {dilation, dilation};
        if (wide && x.size(0) == 1 && isForOneDnn(x)) {
            return torch.mkldnn_convolution(pixels, kernel, bias, paddings, strides, dilations, groups);
        }
        return torch.conv2d(pixels, kernel, bias, strides, paddings, dilations, groups);
    }

    /** Return whether a wide convolution of this should run in oneDNN: LibTorch computes a small single image as a slower product. */
    private static boolean isForOneDnn(Tensor x) {
        return AVX512 && !x.is_cuda() && DType.of(x) == DType.FLOAT32 && !Autocast.isOn(x);
    }

    /** Multiply the channels of every pixel. The result is channels-last. */
    private static Tensor onePixel(Tensor x, Tensor weight, TensorOptional bias, long stride) {
        // The engine multiplies rows that do not lie side by side as one product per image, with a copy of the weight
        // for each.
        Tensor taken = stride == 1 ? x : Tensors.channelsLast(strided(x, stride));
        Tensor matrix = weight.view(weight.size(0), weight.size(1));
        return torch.linear(taken.permute(0, 2, 3, 1), matrix, bias).permute(0, 3, 1, 2);
    }

    private static Tensor strided(Tensor x, long stride) {
        return Ops.strided(Ops.strided(x, 2, stride), 3, stride);
    }

    private static boolean isRightInBf16(Tensor x, Tensor weight, long dilation, long groups) {
        if (dilation > 1 || groups > 1 && weight.size(1) == 1 && weight.size(0) != groups) return false;
        return x.size(1) > 1 && x.size(2) * x.size(3) > 1 && weight.size(0) % 2 == 0;
    }
}
