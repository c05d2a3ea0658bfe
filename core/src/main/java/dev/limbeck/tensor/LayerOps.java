package dev.limbeck.tensor;

import java.util.List;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** Compute what layers compute: convolutions, products, norms, pooling, activations and attention. */
public final class LayerOps {
    static {
        Engine.start();
    }

    private LayerOps() {}

    /** Convolve N×C×H×W with a weight of out×(C/groups)×k×k. */
    public static Tensor conv2d(
            Tensor x, Tensor weight, @Nullable Tensor bias, long stride, long padding, long dilation, long groups) {
        return Convolution.of(x, weight, Ops.optional(bias), stride, padding, dilation, groups);
    }

    /**
     * Look up rows of a table by int64 ids of any shape.
     *
     * @param table rows×width
     * @return the shape of the ids, and the width
     */
    public static Tensor rows(Tensor table, Tensor ids) {
        return torch.embedding(table, ids);
    }

    /**
     * Normalize each channel of N×C×H×W. In training mode, batch statistics are used, and running statistics are
     * updated in place. Otherwise running statistics are used.
     */
    public static Tensor batchNorm(
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor runningMean,
            Tensor runningVar,
            boolean training,
            double momentum,
            double eps) {
        return torch.batch_norm(
                x,
                Ops.optional(weight),
                Ops.optional(bias),
                Ops.optional(runningMean),
                Ops.optional(runningVar),
                training,
                momentum,
                eps,
                true);
    }

    /** Multiply N×in by the transpose of out×in and add the bias. */
    public static Tensor linear(Tensor x, Tensor weight, @Nullable Tensor bias) {
        return torch.linear(x, weight, Ops.optional(bias));
    }

    public static Tensor maxPool2d(Tensor x, long kernel, long stride, long padding) {
        return torch.max_pool2d(
                x,
                new long[] {kernel, kernel},
                new long[] {stride, stride},
                new long[] {padding, padding},
                new long[] {1, 1},
                false);
    }

    public static Tensor adaptiveAvgPool2d(Tensor x, long height, long width) {
        return torch.adaptive_avg_pool2d(x, height, width);
    }

    public static Tensor dropout(Tensor x, double probability, boolean training) {
        return torch.dropout(x, probability, training);
    }

    /** Return min(max(x, 0), 6). */
    public static Tensor relu6(Tensor x) {
        return torch.relu6(x);
    }

    /** Return x·min(max(x + 3, 0), 6)/6. */
    public static Tensor hardswish(Tensor x) {
        return torch.hardswish(x);
    }

    /** Return min(max(x + 3, 0), 6)/6. */
    public static Tensor hardsigmoid(Tensor x) {
        return torch.hardsigmoid(x);
    }

    /** Return x·sigmoid(x). */
    public static Tensor silu(Tensor x) {
        return torch.silu(x);
    }

    /** Return x·Φ(x), with the exact distribution function of the normal distribution. */
    public static Tensor gelu(Tensor x) {
        return torch.gelu(x);
    }

    /** Normalize the last dimension to mean 0 and variance 1, then scale and shift it. */
    public static Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, double eps) {
        return torch.layer_norm(x, weight.shape(), Ops.optional(weight), Ops.optional(bias), eps, true);
    }

    /**
     * Run an LSTM from both ends of N×length×in, in float32 under {@link Autocast}.
     *
     * @param weights of one direction in PyTorch's order: 4·width×in, 4·width×width, and two biases of 4·width
     * @param reversed of the direction that reads the last step first
     * @return N×length×2·width, both directions side by side
     */
    public static Tensor biLstm(Tensor x, List<Tensor> weights, List<Tensor> reversed) {
        if (Autocast.isOn(x)) {
            try (Autocast full = Autocast.to(Precision.FP32, x.device())) {
                return biLstm(Tensors.toFloat32(x), weights, reversed);
            }
        }
        Tensor start = x.new_zeros(2, x.size(0), weights.get(1).size(1));
        TensorVector all = new TensorVector();
        weights.forEach(all::push_back);
        reversed.forEach(all::push_back);
        // Neither dropout nor several layers; the overload whose second argument is one tensor takes packed rows.
        return torch.lstm(x, new TensorVector(start, start), all, true, 1, 0.0, true, true, true)
                .get0();
    }

    /** Return softmax(q·kᵀ/√d)·v over the last two dimensions of N×heads×tokens×d. */
    public static Tensor attention(Tensor query, Tensor key, Tensor value) {
        return torch.scaled_dot_product_attention(query, key, value);
    }

    /**
     * Return attention over some of the keys.
     *
     * @param seen bool, of a shape that broadcasts to N×heads×tokens×tokens; false for keys without weight
     * @param dropout probability with which a weight is set to 0, and the others scaled by 1/(1 − p)
     */
    public static Tensor attention(Tensor query, Tensor key, Tensor value, Tensor seen, double dropout) {
        return torch.scaled_dot_product_attention(
                query, key, value, new TensorOptional(seen), dropout, false, new DoubleOptional(), false);
    }
}
