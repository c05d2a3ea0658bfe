package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare where two networks look: a map's attention is Σ|x|ᵖ over its channels, brought to length 1. Needs no adapter,
 * whatever the channels. Takes N×C×H×W of equal H and W. For convolutional networks of one family and different widths.
 *
 * <p>Zagoruyko and Komodakis, Paying More Attention to Attention, ICLR 2017. The authors' code takes the mean squared
 * difference over the H·W positions, the default; their paper the length of the difference, about √(H·W) times its root.
 *
 * @param power p, at least 1; 2 is the default. Below 1 the gradient would be infinite where a ReLU gives 0
 * @param paper whether it is the paper's form
 */
public record AttentionTransfer(double power, boolean paper) implements DirectFeatureLoss {
    private static final LossSetting<Double> POWER = LossSetting.number(
                    "power", 2, "power to which channels are raised before they are summed")
            .atLeast(1.0);

    public AttentionTransfer {
        POWER.check(power);
    }

    /** Use the authors' code's form. */
    public AttentionTransfer(double power) {
        this(power, false);
    }

    /** Use the authors' code's form with p = 2. */
    public AttentionTransfer() {
        this(POWER.usual());
    }

    /** Return the paper's form. */
    public AttentionTransfer asInPaper() {
        return new AttentionTransfer(power, true);
    }

    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor difference = Maps.attention(student, power).sub(Maps.attention(teacher, power));
        return paper ? Ops.norm(difference, 1) : difference.square().mean(1);
    }

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "attention",
                    "where the network looks, as the authors' code has it",
                    values -> new AttentionTransfer(values.get(POWER)),
                    POWER);
        }
    }

    /** Offer the other form by name. */
    public static final class Paper extends FeatureLossType {
        public Paper() {
            super(
                    "attention-paper",
                    "the same as their paper has it",
                    values -> new AttentionTransfer(values.get(POWER)).asInPaper(),
                    POWER);
        }
    }
}
