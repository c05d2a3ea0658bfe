package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare correlations of channels: ‖Ĝₛ − Ĝₜ‖²/C with G = X·Xᵀ of a row's C×(H·W) features, where each row of G is
 * normalized to length 1; the mean over the batch. The number of positions may differ. Accepts N×C×H×W of equal C.
 * Suited to segmentation.
 *
 * <p>Liu et al., Exploring Inter-Channel Correlation for Diversity-preserved Knowledge Distillation, ICCV 2021.
 * Published code divides by the batch size a second time, which weakens the loss for larger batches; {@link
 * #asPublished} is that form.
 *
 * @param published whether to use the published form
 */
public record InterChannelCorrelation(boolean published) implements DirectFeatureLoss {
    /** Use the mean over the batch. */
    public InterChannelCorrelation() {
        this(false);
    }

    /** Return the form that depends on the batch size. */
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

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("inter-channel", "ICKD: correlations of channels", values -> new InterChannelCorrelation());
        }
    }
}
