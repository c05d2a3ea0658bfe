package dev.limbeck.tensor;

import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Round numbers to those that int8 holds, and compute on in floating point. Gradients pass unchanged inside the range and are 0
 * outside (straight-through estimator).
 *
 * <p>Jacob et al., Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference, CVPR 2018;
 * Krishnamoorthi, Quantizing deep convolutional networks for efficient inference, 2018.
 */
public final class FakeQuantize {
    static {
        Engine.start();
    }

    /** Weight of a new batch in a range, as in PyTorch's MovingAverageMinMaxObserver. */
    private static final double MOMENTUM = 0.01;

    private static final int LARGEST_BYTE = 255;
    /**
     * Largest weight of an int8 product. Processors without VNNI add two products in 16 bits: 2·255·63 fits, 2·255·127 would be clipped.
     */
    public static final int LARGEST_WEIGHT = 63;

    /** The scale of a channel without weights, before it is divided by the largest weight. */
    private static final double LEAST_WEIGHT = 1e-12;

    private static final float LEAST_SCALE = Math.ulp(1f);

    private FakeQuantize() {}

    /**
     * Hold the affine map of a tensor to bytes: x ≈ scale·(byte − zero).
     *
     * @param scale positive
     * @param zero byte of 0, in 0…255
     */
    public record Affine(float scale, int zero) {
        /** Return the map of a range, which is widened to include 0. */
        public static Affine of(float low, float high) {
            float least = Math.min(low, 0);
            float scale = Math.max((Math.max(high, 0) - least) / LARGEST_BYTE, LEAST_SCALE);
            return new Affine(scale, Math.max(0, Math.min(LARGEST_BYTE, (int) Math.rint(-least / scale))));
        }
    }

    /** Round a tensor to bytes, 0…255. The result is float32. */
    public static Tensor perTensor(Tensor x, Affine affine) {
        return torch.fake_quantize_per_tensor_affine(Tensors.toFloat32(x), affine.scale, affine.zero, 0, LARGEST_BYTE);
    }

    /**
     * Round a weight to −63…63 times a scale per output channel, its largest absolute value divided by 63. A factor of a
     * channel, such as a batch norm's, changes the scale only: folding the batch norm before or after is the same.
     *
     * @param weight out×…
     */
    public static Tensor perChannel(Tensor weight) {
        try (Scope scope = Scope.open()) {
            Tensor scales = scales(weight);
            Tensor zeros = Tensors.to(Tensors.zeros(DType.INT32, weight.size(0)), weight.device());
            return scope.promote(
                    torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -LARGEST_WEIGHT, LARGEST_WEIGHT));
        }
    }

    private static Tensor scales(Tensor weight) {
        try (NoGrad noGrad = NoGrad.on()) {
            Tensor largest = Ops.amax(weight.detach().abs().flatten(1, -1), 1).flatten(0, -1);
            return Ops.div(Ops.clampMin(largest, LEAST_WEIGHT), LARGEST_WEIGHT);
        }
    }

    /**
     * Move a range toward the minimum and maximum of a batch, in place: by 1 %, or to them if it is new.
     *
     * @param range two numbers, minimum and maximum; both are 0 in a new one
     */
    public static void observe_(Tensor range, Tensor x) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            T_TensorTensor_T found = torch.aminmax(x.detach());
            Tensor ends = Tensors.toFloat32(
                    Ops.cat(0, found.get0().reshape(1), found.get1().reshape(1)));
            double weight = isNew(range) ? 1 : MOMENTUM;
            // As a sum of parts: of two equal ends nothing else comes out.
            Ops.addScaled_(Ops.mul_(range, 1 - weight), ends, weight);
        }
    }

    /** Return whether a range has observed nothing. */
    public static boolean isNew(Tensor range) {
        float[] ends = Tensors.toFloats(range);
        return ends[0] == 0 && ends[1] == 0;
    }

    /** Return the map of a range. */
    public static Affine affine(Tensor range) {
        float[] ends = Tensors.toFloats(range);
        return Affine.of(ends[0], ends[1]);
    }
}
