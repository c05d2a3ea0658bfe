package dev.limbeck.tensor;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/** Convolve around a fault of the processor's library. */
final class Convolution {
    /** The library works on so many channels at once. */
    private static final int CHANNEL_BLOCK = 16;

    private Convolution() {}

    static Tensor of(
            Tensor x, Tensor weight, TensorOptional bias, long stride, long padding, long dilation, long groups) {
        boolean detour = readsUnsetMemory(x, weight, groups) && x.is_contiguous();
        Tensor y = torch.conv2d(
                detour ? Tensors.channelsLast(x) : x,
                weight,
                bias,
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {dilation, dilation},
                groups);
        return detour ? y.contiguous() : y;
    }

    /**
     * Return whether the library would pad channels to its blocks and read what it did not set there, so that results, or
     * gradients, are NaN by chance: seen with LibTorch 2.10 wherever kernels are larger than 1×1 and channels fill no
     * blocks. With channels last there is no padding.
     */
    private static boolean readsUnsetMemory(Tensor x, Tensor weight, long groups) {
        boolean outFits = weight.size(0) % CHANNEL_BLOCK == 0;
        boolean inFits = weight.size(1) <= CHANNEL_BLOCK || weight.size(1) % CHANNEL_BLOCK == 0;
        return !(outFits && inFits) && groups == 1 && weight.size(2) * weight.size(3) > 1 && x.is_cpu();
    }
}
