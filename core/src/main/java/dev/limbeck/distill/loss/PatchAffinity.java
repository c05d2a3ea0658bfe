package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare which positions of an image look alike: the mean over all P² pairs of positions of (aₛ − aₜ)², where a is the
 * cosine between the features at two positions. Any channels; grids of different sizes are pooled to the smaller one.
 * Suited to students of networks with patches.
 *
 * <p>Liu et al., Structured Knowledge Distillation for Semantic Segmentation, CVPR 2019, the pair-wise loss.
 */
public record PatchAffinity() implements DirectFeatureLoss {
    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Maps.rowMean(affinity(student).sub(affinity(teacher)).square());
    }

    private static Tensor affinity(Tensor map) {
        Tensor positions = Ops.normalize(Maps.channels(map), 1);
        return positions.transpose(1, 2).bmm(positions);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("patch-affinity", "similarities between the positions of an image", values -> new PatchAffinity());
        }
    }
}
