package dev.limbeck.distill.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of two feature maps: the first and plainest feature loss. Where the channels
 * differ, an adapter is trained along. Takes two shapes that are equal, N×C×H×W or N×C. For networks of one family,
 * whose layers compute alike.
 *
 * <p>Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
 */
public record FitNet() implements DirectFeatureLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Maps.rowMean(student.sub(teacher).square());
    }

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("fitnet", "squared difference of the features", values -> new FitNet());
        }
    }
}
