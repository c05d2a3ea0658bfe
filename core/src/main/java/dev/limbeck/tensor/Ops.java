package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Wrap the overloads of LibTorch's functions that are verified to be safe. Shapes follow PyTorch: images are N×C×H×W,
 * logits N×classes. A trailing underscore marks a function that changes its first argument in place.
 *
 * <p>In-place methods of {@link Tensor} return a second Java object that does not own the native tensor and dangles
 * once the first is freed. The in-place functions here return their argument.
 */
public final class Ops {
    private static final int NONE = 0;

    static {
        Engine.start();
    }

    private Ops() {}

    public static Tensor relu_(Tensor x) {
        x.relu_();
        return x;
    }

    public static Tensor add_(Tensor x, Tensor other) {
        x.add_(other);
        return x;
    }

    /** Take every {@code step}-th element of a dimension. */
    public static Tensor strided(Tensor x, long dim, long step) {
        return x.slice(dim, new LongOptional(), new LongOptional(), step);
    }

    /** Pad N×C×H×W with zero channels: {@code before} at the front and {@code after} at the end. */
    public static Tensor padChannels(Tensor x, long before, long after) {
        return torch.constant_pad_nd(x, new long[] {0, 0, 0, 0, before, after}, new Scalar(0.0));
    }

    /** Pad the last dimension with one value: {@code before} at the front and {@code after} at the end. */
    public static Tensor padLast(Tensor x, long before, long after, double value) {
        return torch.constant_pad_nd(x, new long[] {before, after}, new Scalar(value));
    }

    /** Return the mean cross-entropy of N×classes logits and N int64 labels. Rows with label −1 are ignored. */
    public static Tensor crossEntropy(Tensor logits, Tensor labels) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), 1, -1, 0.0);
    }

    /**
     * Return the mean cross-entropy with label smoothing.
     *
     * @param smoothing share of the label spread evenly over all classes, in [0, 1)
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing) {
        return torch.cross_entropy_loss(logits, labels, new TensorOptional(), 1, -1, smoothing);
    }

    /**
     * Return the cross-entropy weighted by class, Σ wᵢ·lossᵢ / Σ wᵢ over the labeled rows.
     *
     * @param classWeights one factor per class, in the logits' type; null for equal ones
     */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, double smoothing, @Nullable Tensor classWeights) {
        return torch.cross_entropy_loss(logits, labels, optional(classWeights), 1, -1, smoothing);
    }

    /** Return the cross-entropy of each row, times its class's weight; 0 without a label. The arguments are those of its mean. */
    public static Tensor crossEntropyRows(
            Tensor logits, Tensor labels, double smoothing, @Nullable Tensor classWeights) {
        return torch.cross_entropy_loss(logits, labels, optional(classWeights), 0, -1, smoothing);
    }

    /** Return log(eᵃ + eᵇ). */
    public static Tensor logAddExp(Tensor a, Tensor b) {
        return a.logaddexp(b);
    }

    public static Tensor softmax(Tensor x, long dim) {
        return x.softmax(dim);
    }

    public static Tensor logSoftmax(Tensor x, long dim) {
        return x.log_softmax(dim);
    }

    /**
     * Return target·(log target − input) per element, for a log-probability and a probability; 0 where the probability
     * is 0.
     */
    public static Tensor kl(Tensor logInput, Tensor target) {
        return torch.kl_div(logInput, target, NONE, false);
    }

    public static Tensor meanSquaredError(Tensor a, Tensor b) {
        return torch.mse_loss(a, b);
    }

    /** Return log σ(x). */
    public static Tensor logSigmoid(Tensor x) {
        return torch.log_sigmoid(x);
    }

    /** Return x to a power. */
    public static Tensor pow(Tensor x, double exponent) {
        return x.pow(new Scalar(exponent));
    }

    /** Return max(x, least). */
    public static Tensor clampMin(Tensor x, double least) {
        return x.clamp_min(new Scalar(least));
    }

    /** Return a tensor of the same shape: whether elements are at least a value. */
    public static Tensor ge(Tensor x, long least) {
        return x.ge(new Scalar(least));
    }

    /** Return a tensor of the same shape: whether elements differ from a value. */
    public static Tensor ne(Tensor x, long value) {
        return x.ne(new Scalar(value));
    }

    /** Return a tensor of the same shape, with 0 for NaN. */
    public static Tensor zeroUnknown(Tensor x) {
        return x.where(x.eq(x), new Scalar(0.0));
    }

    /**
     * Return a tensor with one value where a mask is false; those elements get no gradient.
     *
     * @param mask bool, of a shape that broadcasts to the tensor's
     */
    public static Tensor where(Tensor mask, Tensor x, double otherwise) {
        return x.where(mask, new Scalar(otherwise));
    }

    /** Return a mask of a shape that is true everywhere, on the device of another tensor. */
    public static Tensor allTrue(Tensor like, long... shape) {
        return ne(like.new_ones(shape), 0);
    }

    /** Return the L2 norm along a dimension, which is removed. Its gradient at 0 is 0. */
    public static Tensor norm(Tensor x, long dim) {
        return torch.linalg_vector_norm(x, new Scalar(2.0), new long[] {dim}, false, new ScalarTypeOptional());
    }

    /** Return x / max(‖x‖, 10⁻¹²) along a dimension. */
    public static Tensor normalize(Tensor x, long dim) {
        return x.div(clampMin(norm(x, dim), 1e-12).unsqueeze(dim));
    }

    /** Return a tensor of the same shape: whether elements are above a value. */
    public static Tensor gt(Tensor x, double value) {
        return x.gt(new Scalar(value));
    }

    /** Return the mean smooth L1 difference: d²/2 for |d| below 1, |d| − 1/2 otherwise. */
    public static Tensor smoothL1(Tensor a, Tensor b) {
        return torch.smooth_l1_loss(a, b);
    }

    /** Return log(1 + exp(x)). */
    public static Tensor softplus(Tensor x) {
        return torch.softplus(x);
    }

    /** Upsample N×C×H×W with nearest neighbors. */
    public static Tensor upsampleNearest(Tensor x, long height, long width) {
        return torch.upsample_nearest2d(x, new long[] {height, width});
    }

    /** Copy rows to a tensor in place, by int64 index along dimension 0. */
    public static void putRows_(Tensor x, Tensor index, Tensor rows) {
        x.index_copy_(0, index, rows);
    }

    /** Return a size×size matrix of ones with a zero diagonal, with the type and device of another tensor. */
    public static Tensor offDiagonal(long size, Tensor like) {
        return add(torch.eye(size, like.options()).neg(), 1);
    }

    /** Return N×(count − 1) column indices: in each row, all columns except its own, in order. */
    public static Tensor allBut(Tensor own, long count) {
        Tensor columns = torch.arange(new Scalar(count - 1), own.options());
        return columns.add(columns.ge(own.unsqueeze(1)));
    }

    /** Return one-hot rows, N×columns, with the shape and type of {@code like}. */
    public static Tensor oneHot(Tensor own, Tensor like) {
        return torch.zeros_like(like).scatter(1, own.unsqueeze(1), new Scalar(1.0));
    }

    public static Tensor argmax(Tensor x, long dim) {
        return x.argmax(new LongOptional(dim), false);
    }

    public static Tensor add(Tensor x, double value) {
        return x.add(new Scalar(value));
    }

    public static Tensor mul(Tensor x, double factor) {
        return x.mul(new Scalar(factor));
    }

    public static Tensor div(Tensor x, double divisor) {
        return x.div(new Scalar(divisor));
    }

    public static Tensor mul_(Tensor x, double factor) {
        x.mul_(new Scalar(factor));
        return x;
    }

    /** Increment an integer tensor in place. */
    public static void increment_(Tensor counter) {
        counter.add_(new Scalar(1L));
    }

    /** Add {@code factor·other} to a tensor in place. */
    public static Tensor addScaled_(Tensor x, Tensor other, double factor) {
        x.add_(other, new Scalar(factor));
        return x;
    }

    public static Tensor fill_(Tensor x, double value) {
        x.fill_(new Scalar(value));
        return x;
    }

    /** Return {@code shift + x·scale} for each channel of N×channels×H×W, in one pass. Bytes are promoted to float. */
    public static Tensor scaleChannels(Tensor x, float[] scale, float[] shift) {
        return torch.addcmul(
                Tensors.to(Tensors.of(shift, 1, shift.length, 1, 1), x.device()),
                x,
                Tensors.to(Tensors.of(scale, 1, scale.length, 1, 1), x.device()));
    }

    /** Sum over one dimension, which is removed. */
    public static Tensor sum(Tensor x, long dim) {
        return x.sum(new long[] {dim}, false, new ScalarTypeOptional());
    }

    /** Sum N×C×H×W over all dimensions except channels: 1×C×1×1. */
    public static Tensor perChannelSum(Tensor x) {
        return x.sum(new long[] {0, 2, 3}, true, new ScalarTypeOptional());
    }

    /** Return the maximum along some dimensions, which are kept with size 1. */
    public static Tensor amax(Tensor x, long... dims) {
        return x.amax(dims, true);
    }

    /**
     * Return one vector per row: the mean over the positions of N×C×H×W or the tokens of N×L×C; N×C is returned
     * unchanged.
     */
    public static Tensor embedding(Tensor features) {
        return switch ((int) features.dim()) {
            case 4 -> features.mean(2, 3);
            case 3 -> features.mean(1);
            default -> features;
        };
    }

    public static Tensor cat(long dim, Tensor... tensors) {
        return torch.cat(new TensorVector(tensors), dim);
    }

    /** Select rows (or slices along {@code dim}) by int64 index. */
    public static Tensor indexSelect(Tensor x, long dim, Tensor index) {
        return x.index_select(dim, index);
    }

    /** Fill a tensor from the uniform distribution on [low, high), with the global generator. */
    public static Tensor uniform_(Tensor x, double low, double high) {
        x.uniform_(low, high, new GeneratorOptional());
        return x;
    }

    /** Fill a tensor from a normal distribution, with the global generator. */
    public static Tensor normal_(Tensor x, double mean, double std) {
        x.normal_(mean, std, new GeneratorOptional());
        return x;
    }

    /** Return whether all elements are finite. */
    public static boolean allFinite(Tensor x) {
        return x.isfinite().all().item_bool();
    }

    /**
     * Return the gradients of a scalar. Its graph is retained.
     *
     * @return one gradient per tensor; null if the scalar does not depend on it
     */
    public static List<@Nullable Tensor> gradients(Tensor scalar, List<Tensor> tensors) {
        TensorVector found = torch.grad(
                new TensorVector(scalar),
                new TensorVector(tensors.toArray(Tensor[]::new)),
                new TensorVector(),
                new BoolOptional(true),
                false,
                true);
        List<@Nullable Tensor> gradients = new ArrayList<>();
        for (long i = 0; i < found.size(); i++) {
            Tensor gradient = found.get(i);
            gradients.add(gradient.defined() ? gradient : null);
        }
        return gradients;
    }

    /**
     * Scale all gradients to a global L2 norm of at most {@code maxNorm}, as {@code torch.nn.utils.clip_grad_norm_}
     * does.
     *
     * @return the norm before scaling
     */
    public static double clipGradNorm(Iterable<Tensor> parameters, double maxNorm) {
        TensorVector vector = new TensorVector();
        parameters.forEach(vector::push_back);
        return torch.clip_grad_norm_(vector, maxNorm);
    }

    static TensorOptional optional(@Nullable Tensor tensor) {
        return tensor == null ? new TensorOptional() : new TensorOptional(tensor);
    }
}
