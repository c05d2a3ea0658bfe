package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·KL(softmax(xₜ/T) ‖ softmax(xₛ/T)) over the positions of each channel; the mean over channels and rows.
 * Mainly for dense prediction. Needs two equal shapes, N×C×H×W, of more than one position.
 *
 * <p>Shu et al., Channel-wise Knowledge Distillation for Dense Prediction, ICCV 2021.
 *
 * @param temperature T, positive; 4 is the default
 */
public record ChannelWise(double temperature) implements DirectFeatureLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(4);

    public ChannelWise {
        TEMPERATURE.check(temperature);
    }

    /** Use T = 4. */
    public ChannelWise() {
        this(TEMPERATURE.defaultValue());
    }

    /** {@inheritDoc} On one position, the softmax is 1 whatever the value. */
    @Override
    public boolean needsManyPositions() {
        return true;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor ours = Ops.logSoftmax(Ops.div(Maps.channels(student), temperature), 2);
        Tensor theirs = Ops.softmax(Ops.div(Maps.channels(teacher), temperature), 2);
        return Ops.mul(Ops.sum(Ops.kl(ours, theirs), 2).mean(1), temperature * temperature);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "channel-wise",
                    "CWD: each channel as a distribution over positions; for dense outputs",
                    values -> new ChannelWise(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }
}
