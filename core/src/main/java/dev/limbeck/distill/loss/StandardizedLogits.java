package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Apply a loss to standardized logits: mean 0 and standard deviation 1 per row, for student and teacher. Each row then
 * has its own temperature, and the student need not match the scale of the teacher's logits.
 *
 * <p>Sun et al., Logit Standardization in Knowledge Distillation, CVPR 2024. (z − mean)/(std + 10⁻⁷), with the unbiased
 * standard deviation over the classes. For two classes, only their order remains.
 *
 * @param inner any logit loss; {@link SoftTarget} at T = 2 is the default
 */
public record StandardizedLogits(LogitLoss inner) implements WrappedLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(2);

    private static final double EPSILON = 1e-7;

    /** Use {@link SoftTarget} at T = 2, the paper's. */
    public StandardizedLogits() {
        this(new SoftTarget(TEMPERATURE.defaultValue()));
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return inner.rows(standardized(student), standardized(teacher), labels);
    }

    @Override
    public Tensor mean(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        return inner.mean(standardized(student), standardized(teacher), labels, weights);
    }

    private static Tensor standardized(Tensor logits) {
        Tensor centered = logits.sub(logits.mean(1).unsqueeze(1));
        double unbiased = Math.max(1, logits.size(1) - 1);
        Tensor deviation = Ops.mul(Ops.norm(centered, 1), 1 / Math.sqrt(unbiased));
        return centered.div(Ops.add(deviation, EPSILON).unsqueeze(1));
    }

    @Override
    public StandardizedLogits withTemperature(double other) {
        return new StandardizedLogits(inner.withTemperature(other));
    }

    /** Standardization removes the constant of each row. */
    @Override
    public OutputKind needs() {
        return OutputKind.PROBABILITIES;
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "standardized",
                    "soft-target on standardized logits",
                    values -> new StandardizedLogits(new SoftTarget(values.get(TEMPERATURE))),
                    TEMPERATURE);
        }
    }
}
