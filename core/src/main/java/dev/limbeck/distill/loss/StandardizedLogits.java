package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Apply a loss to logits that were brought to mean 0 and standard deviation 1 in each row, student's and teacher's, so
 * that each row has its own temperature: the student need not learn how large the teacher's logits are.
 *
 * <p>Sun et al., Logit Standardization in Knowledge Distillation, CVPR 2024. (z − mean)/(std + 10⁻⁷), with the unbiased
 * standard deviation over the classes; of two classes nothing but their order is left.
 *
 * @param inner any logit loss; {@link SoftTarget} at T = 2 is the default
 */
public record StandardizedLogits(LogitLoss inner) implements WrappedLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(2);

    private static final double EPSILON = 1e-7;

    /** Use {@link SoftTarget} at T = 2, the paper's. */
    public StandardizedLogits() {
        this(new SoftTarget(TEMPERATURE.usual()));
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
        Tensor centerd = logits.sub(logits.mean(1).unsqueeze(1));
        double unbiased = Math.max(1, logits.size(1) - 1);
        Tensor deviation = Ops.mul(Ops.norm(centerd, 1), 1 / Math.sqrt(unbiased));
        return centerd.div(Ops.add(deviation, EPSILON).unsqueeze(1));
    }

    @Override
    public StandardizedLogits withTemperature(double other) {
        return new StandardizedLogits(inner.withTemperature(other));
    }

    /** What each row adds to all of its logits is taken away again. */
    @Override
    public OutputKind needs() {
        return OutputKind.PROBABILITIES;
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "standardized",
                    "soft-target on logits brought to mean 0 and deviation 1",
                    values -> new StandardizedLogits(new SoftTarget(values.get(TEMPERATURE))),
                    TEMPERATURE);
        }
    }
}
