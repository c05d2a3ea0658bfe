package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·(α·TCKD + β·NCKD), the mean over the rows. TCKD is the divergence for the labeled class against all
 * others. NCKD is the divergence among the other classes. The classic loss scales NCKD by 1 − pₜ(label), which is close
 * to 0 for a confident teacher. Suited to confident teachers.
 *
 * <p>Zhao et al., Decoupled Knowledge Distillation, CVPR 2022. Computed with log-probabilities throughout, to keep
 * gradients where the student is most wrong.
 *
 * @param alpha α ≥ 0; 1 is the default
 * @param beta β ≥ 0; 8 is the default, more for a more confident teacher
 * @param temperature T, positive; 4 is the default
 */
public record DecoupledKD(double alpha, double beta, double temperature) implements ProbabilityLoss {
    private static final LossSetting<Double> ALPHA = LossSetting.number(
                    "alpha", 1, "weight of the labeled class against the rest")
            .atLeast(0.0);
    private static final LossSetting<Double> BETA = LossSetting.number(
                    "beta", 8, "weight of the other classes among themselves")
            .atLeast(0.0);
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(4);

    public DecoupledKD {
        ALPHA.check(alpha);
        BETA.check(beta);
        TEMPERATURE.check(temperature);
    }

    /** Use the paper's values for CIFAR-100: α 1, β 8, T 4. */
    public DecoupledKD() {
        this(ALPHA.defaultValue(), BETA.defaultValue(), TEMPERATURE.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor ours = Ops.div(student, temperature);
        Tensor theirs = Ops.div(teacher, temperature);
        Tensor ourOthers = Softened.others(ours, labels);
        Tensor theirOthers = Softened.others(theirs, labels);
        Tensor target = part(target(ours, labels), target(theirs, labels))
                .add(part(rest(ours, ourOthers), rest(theirs, theirOthers)));
        Tensor others = Softened.divergence(ourOthers, theirOthers, 1);
        double squared = temperature * temperature;
        return Ops.mul(target, alpha * squared).add(Ops.mul(others, beta * squared));
    }

    /** Return the log-probability of the labeled class. */
    private static Tensor target(Tensor logits, Tensor labels) {
        return Softened.pick(Ops.logSoftmax(logits, 1), labels);
    }

    /** Return the log-probability of all other classes together. */
    private static Tensor rest(Tensor logits, Tensor others) {
        return others.logsumexp(1).sub(logits.logsumexp(1));
    }

    private static Tensor part(Tensor ourLog, Tensor theirLog) {
        return theirLog.exp().mul(theirLog.sub(ourLog));
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    @Override
    public DecoupledKD withTemperature(double other) {
        return new DecoupledKD(alpha, beta, other);
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "decoupled",
                    "DKD: the label against the rest, and the rest among themselves; for confident teachers",
                    values -> new DecoupledKD(values.get(ALPHA), values.get(BETA), values.get(TEMPERATURE)),
                    ALPHA,
                    BETA,
                    TEMPERATURE);
        }
    }
}
