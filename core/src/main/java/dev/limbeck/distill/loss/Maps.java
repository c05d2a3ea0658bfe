package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Reshape features for the formulas. */
final class Maps {
    private Maps() {}

    /** Return N×C×P with one row per channel: N×C×H×W flattened, a vector as a map with one position. */
    static Tensor channels(Tensor features) {
        return features.dim() == 2 ? features.unsqueeze(2) : features.flatten(2, -1);
    }

    /** Return the mean of each row's elements. */
    static Tensor rowMean(Tensor x) {
        return x.flatten(1, -1).mean(1);
    }

    /** Return N×N squared distances of N×C vectors from their scalar products. Rounding may give values below 0. */
    static Tensor squaredDistances(Tensor vectors, Tensor products) {
        Tensor squares = Ops.sum(vectors.square(), 1);
        return squares.unsqueeze(1).add(squares.unsqueeze(0)).sub(Ops.mul(products, 2));
    }

    /** Return the normalized sums of |x|ᵖ over the channels, N×(H·W), each row of length 1. */
    static Tensor attention(Tensor map, double power) {
        return Ops.normalize(Ops.pow(map.abs(), power).mean(1).flatten(1, -1), 1);
    }
}
