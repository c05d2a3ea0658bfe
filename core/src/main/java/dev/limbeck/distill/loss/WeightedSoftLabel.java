package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·w·CE(softmax(zₜ/T), softmax(zₛ/T)) with w = 1 − exp(−CEₛ/CEₜ), the mean over the rows. A row gets a low
 * weight if the student already predicts the label better than the teacher. CEₛ and CEₜ are the cross-entropies with
 * the label at T = 1; w is detached. Suited to teachers with many errors.
 *
 * <p>Zhou et al., Rethinking Soft Labels for Knowledge Distillation: A Bias-Variance Tradeoff Perspective, ICLR 2021.
 *
 * @param temperature T, positive; 2 is the default
 */
public record WeightedSoftLabel(double temperature) implements ProbabilityLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(2);

    private static final double EPSILON = 1e-7;

    public WeightedSoftLabel {
        TEMPERATURE.check(temperature);
    }

    /** Use the paper's temperature for ImageNet, 2. */
    public WeightedSoftLabel() {
        this(TEMPERATURE.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor ours = Softened.pick(Ops.logSoftmax(student.detach(), 1), labels).neg();
        Tensor theirs = Softened.pick(Ops.logSoftmax(teacher, 1), labels).neg();
        Tensor weight = Ops.add(ours.div(Ops.add(theirs, EPSILON)).neg().exp().neg(), 1);
        return Ops.mul(weight.mul(Softened.crossEntropy(student, teacher, temperature)), temperature * temperature);
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    @Override
    public WeightedSoftLabel withTemperature(double other) {
        return new WeightedSoftLabel(other);
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "weighted-soft-label",
                    "WSLD: rows weighted by how much better the teacher predicts the label",
                    values -> new WeightedSoftLabel(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }
}
