package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare attention maps: Σ|x|ᵖ over the channels, normalized to length 1. Needs no adapter. Accepts N×C×H×W of equal H
 * and W. Suited to convolutional networks of one family with different widths.
 *
 * <p>Zagoruyko and Komodakis, Paying More Attention to Attention, ICLR 2017. The default is the authors' code: the mean
 * squared difference over the H·W positions. The paper's form is the length of the difference, about √(H·W) times its
 * root.
 *
 * @param power p, at least 1; 2 is the default. Below 1, the gradient is infinite where a ReLU outputs 0
 * @param paper whether to use the paper's form
 */
public record AttentionTransfer(double power, boolean paper) implements DirectFeatureLoss {
    private static final LossSetting<Double> POWER = LossSetting.number(
                    "power", 2, "power of the channels before the sum")
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
        this(POWER.defaultValue());
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

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "attention",
                    "AT: attention maps, as in the authors' code",
                    values -> new AttentionTransfer(values.get(POWER)),
                    POWER);
        }
    }

    /** Register the paper's form. */
    public static final class Paper extends FeatureLossType {
        public Paper() {
            super(
                    "attention-paper",
                    "AT as in the paper",
                    values -> new AttentionTransfer(values.get(POWER)).asInPaper(),
                    POWER);
        }
    }
}
