package dev.limbeck.distill.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of two feature maps: the simplest feature loss. A trained adapter aligns
 * different channels. Needs two equal shapes, N×C×H×W or N×C. Suited to networks of one family.
 *
 * <p>Romero et al., FitNets: Hints for Thin Deep Nets, ICLR 2015.
 */
public record FitNet() implements DirectFeatureLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Maps.rowMean(student.sub(teacher).square());
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("fitnet", "squared difference of the features", values -> new FitNet());
        }
    }
}
