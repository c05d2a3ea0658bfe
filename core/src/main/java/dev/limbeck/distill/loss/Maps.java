package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Bring features into the form that a formula wants. */
final class Maps {
    private Maps() {}

    /** Return one vector a row: the mean over the positions of N×C×H×W, over the tokens of N×L×C; N×C as it is. */
    static Tensor embedding(Tensor features) {
        return switch ((int) features.dim()) {
            case 4 -> features.mean(2, 3);
            case 3 -> features.mean(1);
            default -> features;
        };
    }

    /** Return N×C×P with one row a channel: N×C×H×W flattened, a vector as a map of one position. */
    static Tensor channels(Tensor features) {
        return features.dim() == 2 ? features.unsqueeze(2) : features.flatten(2, -1);
    }

    /** Return a mean of each row's elements. */
    static Tensor rowMean(Tensor x) {
        return x.flatten(1, -1).mean(1);
    }

    /** Return the normalised sums of |x|ᵖ over the channels: N×(H·W), each row of length 1. */
    static Tensor attention(Tensor map, double power) {
        return Ops.normalize(Ops.pow(map.abs(), power).mean(1).flatten(1, -1), 1);
    }
}
