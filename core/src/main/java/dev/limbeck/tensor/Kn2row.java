package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Compute a convolution as one product for each place in the kernel (kn2row; Vasudevan et al., ASAP 2017), without the products with what
 * lies beyond the image. On an image of one pixel, these are eight of nine, on 2×2 pixels twenty of thirty-six. The result is equal within
 * rounding.
 */
final class Kn2row {
    /** From how many images on this is faster than {@link Im2col} on more than one pixel, see {@code docs/performance.md}. */
    private static final long IMAGES = 32;

    private Kn2row() {}

    /**
     * Return whether this takes less time in float32 than {@link Im2col} and the engine's own way, forward and backward together. Shapes
     * decide, not a clock, so that a training repeats to the bit.
     */
    static boolean isFaster(Tensor x, Tensor weight, long padding, long dilation, long groups) {
        if (!Im2col.suits(x, weight, padding, dilation, groups) || DType.of(x) != DType.FLOAT32) return false;
        long pixels = x.size(2) * x.size(3);
        return x.size(1) >= Im2col.CHANNELS
                // A larger one may let the kernel pass by a pixel.
                && padding < 3
                && (pixels == 1 && x.size(0) > 0 || pixels <= 4 && x.size(0) >= IMAGES);
    }

    /**
     * Convolve N×in×H×W with a weight of out×in×k×k that reads at least one pixel.
     *
     * @return N×out×H'×W', in memory H'×W'×N×out
     */
    static Tensor conv2d(Tensor x, Tensor weight, TensorOptional bias, long stride, long padding) {
        long kernel = weight.size(2);
        long height = Im2col.side(x.size(2), kernel, stride, padding);
        long width = Im2col.side(x.size(3), kernel, stride, padding);
        List<Long> read = new ArrayList<>();
        List<Long> written = new ArrayList<>();
        long[] counts = new long[(int) (kernel * kernel)];
        for (int place = 0; place < counts.length; place++) {
            for (long pixel = 0; pixel < height * width; pixel++) {
                long row = pixel / width * stride + place / kernel - padding;
                long column = pixel % width * stride + place % kernel - padding;
                if (row < 0 || row >= x.size(2) || column < 0 || column >= x.size(3)) continue;
                read.add(row * x.size(3) + column);
                written.add(pixel);
                counts[place] += x.size(0);
            }
        }
        Tensor pixels = x.permute(2, 3, 0, 1).reshape(x.size(2) * x.size(3), -1);
        Tensor rows = pixels.index_select(0, index(read)).view(-1, x.size(1));
        TensorVector parts = torch.split_with_sizes(rows, counts, 0);
        TensorVector places = torch.unbind(weight.permute(2, 3, 0, 1).flatten(0, 1), 0);
        List<Tensor> products = new ArrayList<>();
        for (int place = 0; place < counts.length; place++) {
            if (counts[place] > 0)
                products.add(torch.mm(parts.get(place), places.get(place).t()));
        }
        Tensor all = torch.cat(new TensorVector(products.toArray(Tensor[]::new)), 0);
        Tensor empty = torch.zeros(new long[] {height * width, x.size(0) * weight.size(0)}, all.options());
        Tensor sums = empty.index_add(0, index(written), all.view(written.size(), -1))
                .view(height, width, x.size(0), weight.size(0));
        Tensor result = bias.has_value() ? torch.add(sums, bias.get()) : sums;
        return result.permute(2, 3, 0, 1);
    }

    private static Tensor index(List<Long> values) {
        return Tensors.of(values.stream().mapToLong(Long::longValue).toArray(), values.size());
    }
}
