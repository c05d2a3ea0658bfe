package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare how channels go together: ‖Ĝₛ − Ĝₜ‖²/C with G = X·Xᵀ of a row's C×(H·W) features and each row of G brought to
 * length 1; the mean over the batch. Any number of positions. Takes N×C×H×W of equal C. Where it matters that channels
 * stay different from each other, as in segmentation.
 *
 * <p>Liu et al., Exploring Inter-Channel Correlation for Diversity-preserved Knowledge Distillation, ICCV 2021. Published
 * code divides by the rows of the batch once more, so that a larger batch teaches less; {@link #asPublished} is that form.
 *
 * @param published whether it is the published form
 */
public record InterChannelCorrelation(boolean published) implements DirectFeatureLoss {
    /** Use the mean over the batch. */
    public InterChannelCorrelation() {
        this(false);
    }

    /** Return the form that depends on the size of the batch. */
    public InterChannelCorrelation asPublished() {
        return new InterChannelCorrelation(true);
    }

    @Override
    public Needs needs() {
        return Needs.CHANNELS;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor difference = correlation(student).sub(correlation(teacher)).square();
        double divisor = student.size(1) * (published ? student.size(0) : 1.0);
        return Ops.div(Ops.sum(difference.flatten(1, -1), 1), divisor);
    }

    private static Tensor correlation(Tensor features) {
        Tensor x = Maps.channels(features);
        return Ops.normalize(x.bmm(x.transpose(1, 2)), 2);
    }

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("inter-channel", "ICKD: how channels go together", values -> new InterChannelCorrelation());
        }
    }
}
