package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Compute a convolution as one product of the pixels under the kernel, placed side by side, and the weight (im2col; Chellapilla et
 * al., IWFHR 2006). The engine's own weight gradients take several times as long for many channels on small images, see {@code
 * docs/performance.md}. The result is equal within rounding.
 */
final class Im2col {
    static final long CHANNELS = 256;

    /** Up to how many pixels of a result a product takes less time in float32. */
    static final long PIXELS = 4;

    /** Whether this processor has AMX, where the engine's convolutions in bfloat16 take longest beside products. */
    static final boolean TILES = Precision.processorFeatures().contains("amx_bf16");

    private Im2col() {}

    /**
     * Return whether this takes less time than the engine's own way, forward and backward together. Shapes decide, not a clock, so that
     * a training repeats to the bit.
     */
    static boolean isFaster(
            Tensor x, Tensor weight, boolean bf16, long stride, long padding, long dilation, long groups) {
        if (!suits(x, weight, padding, dilation, groups) || x.size(0) == 1) return false;
        long pixels = side(x.size(2), 3, stride, padding) * side(x.size(3), 3, stride, padding);
        return x.size(1) >= (bf16 && TILES ? CHANNELS / 2 : CHANNELS)
                && pixels <= (bf16 ? mostPixels(x.size(1), TILES) : PIXELS)
                && (bf16 || DType.of(x) == DType.FLOAT32);
    }

    /** Return whether this is a plain convolution of 3×3. */
    static boolean suits(Tensor x, Tensor weight, long padding, long dilation, long groups) {
        return !x.is_cuda()
                && weight.size(2) == 3
                && weight.size(3) == 3
                && dilation == 1
                && groups == 1
                // The engine reports a kernel that is larger than the image.
                && Math.min(x.size(2), x.size(3)) + 2 * padding >= 3;
    }

    /**
     * Return up to how many pixels of a result a product takes less time in bfloat16.
     *
     * @param tiles whether the processor has AMX
     */
    static long mostPixels(long channels, boolean tiles) {
        return tiles && channels >= 2 * CHANNELS ? 49 : 16;
    }

    /** Return the side of the output; 0 or less if the kernel is larger than the image. */
    static long side(long size, long kernel, long stride, long padding) {
        return Math.floorDiv(size + 2 * padding - kernel, stride) + 1;
    }

    /**
     * Convolve N×in×H×W with a weight of out×in×k×k.
     *
     * @return N×out×H'×W', channels-last
     */
    static Tensor conv2d(Tensor x, Tensor weight, TensorOptional bias, long stride, long padding) {
        long kernel = weight.size(2);
        long height = side(x.size(2), kernel, stride, padding);
        long width = side(x.size(3), kernel, stride, padding);
        Tensor pixels = padded(x, padding);
        List<Tensor> below = new ArrayList<>();
        for (long i = 0; i < kernel; i++) {
            Tensor rows = taken(pixels, 1, i, stride, height);
            for (long j = 0; j < kernel; j++) below.add(taken(rows, 2, j, stride, width));
        }
        Tensor patches = torch.cat(new TensorVector(below.toArray(Tensor[]::new)), 3);
        Tensor matrix = weight.permute(0, 2, 3, 1).flatten(1, -1);
        return torch.linear(patches, matrix, bias).permute(0, 3, 1, 2);
    }

    /** Return N×H×W×channels of N×channels×H×W, with zeros on all sides. */
    static Tensor padded(Tensor x, long padding) {
        Tensor pixels = x.permute(0, 2, 3, 1);
        long[] sides = {0, 0, padding, padding, padding, padding};
        return padding > 0 ? torch.constant_pad_nd(pixels, sides, new Scalar(0)) : pixels;
    }

    private static Tensor taken(Tensor pixels, long dimension, long from, long stride, long number) {
        return pixels.slice(
                dimension, new LongOptional(from), new LongOptional(from + stride * (number - 1) + 1), stride);
    }
}
