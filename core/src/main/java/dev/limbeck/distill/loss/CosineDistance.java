package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute 1 − cos(W·Fₛ, Fₜ) between the channels of both networks, for maps the mean over the positions. A trained
 * adapter W aligns different widths. It compares directions alone, so features of any scale fit. Needs two equal
 * shapes, N×C×H×W or N×C.
 */
public record CosineDistance() implements DirectFeatureLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor ours = Ops.normalize(Maps.channels(student), 1);
        Tensor theirs = Ops.normalize(Maps.channels(teacher), 1);
        Tensor cosine = Ops.sum(ours.mul(theirs), 1);
        return Ops.add(cosine.mean(1).neg(), 1);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("cosine", "the angle between the features, at each position", values -> new CosineDistance());
        }
    }
}
