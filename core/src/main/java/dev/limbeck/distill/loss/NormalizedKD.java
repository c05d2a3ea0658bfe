package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute −pₜ(label)·log pₛ(label) − γ·T²·Σ p̂ₜ·log p̂ₛ, the mean over the rows, where p̂ are the softened
 * probabilities of the other classes, normalized to the sum 1. An alternative to {@link DecoupledKD}: the weight of the
 * other classes does not depend on the teacher's confidence.
 *
 * <p>Yang et al., From Knowledge Distillation to Self-Knowledge Distillation: A Unified Approach with Normalized Loss
 * and Customized Soft Labels, ICCV 2023. Unlike {@link DecoupledKD}, it is a cross-entropy weighted by the teacher's
 * confidence.
 *
 * @param gamma γ ≥ 0; 1.5 is the default
 * @param temperature T of the other classes, positive; 1 is the default
 */
public record NormalizedKD(double gamma, double temperature) implements ProbabilityLoss {
    private static final LossSetting<Double> GAMMA =
            LossSetting.number("gamma", 1.5, "weight of the other classes").atLeast(0.0);
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(1);

    public NormalizedKD {
        GAMMA.check(gamma);
        TEMPERATURE.check(temperature);
    }

    /** Use the paper's values for ImageNet: γ 1.5, T 1. */
    public NormalizedKD() {
        this(GAMMA.defaultValue(), TEMPERATURE.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor sure = Softened.pick(Ops.softmax(teacher, 1), labels);
        Tensor target =
                sure.mul(Softened.pick(Ops.logSoftmax(student, 1), labels)).neg();
        Tensor others =
                Softened.crossEntropy(Softened.others(student, labels), Softened.others(teacher, labels), temperature);
        return target.add(Ops.mul(others, gamma * temperature * temperature));
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    @Override
    public NormalizedKD withTemperature(double other) {
        return new NormalizedKD(gamma, other);
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "normalized",
                    "NKD: the label by the teacher's confidence, and the other classes normalized",
                    values -> new NormalizedKD(values.get(GAMMA), values.get(TEMPERATURE)),
                    GAMMA,
                    TEMPERATURE);
        }
    }
}
