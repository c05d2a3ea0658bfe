package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute −Σ ((pₜ + y)^ε − y)·log pₛ, the mean over the rows, with the one-hot label y. The labeled class gets more
 * weight the more confident the teacher is. Suited to teachers of another family, such as a transformer for a
 * convolutional student.
 *
 * <p>Hao et al., One-for-All: Bridge the Gap Between Heterogeneous Architectures in Knowledge Distillation, NeurIPS
 * 2023.
 *
 * @param epsilon ε ≥ 1; 1.5 is the default, 1 the plain cross-entropy with the teacher
 */
public record OneForAll(double epsilon) implements ProbabilityLoss {
    private static final LossSetting<Double> EPSILON = LossSetting.number(
                    "epsilon", 1.5, "power of the teacher's confidence in the label")
            .atLeast(1.0);

    public OneForAll {
        EPSILON.check(epsilon);
    }

    /** Use the paper's ε, 1.5. */
    public OneForAll() {
        this(EPSILON.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor theirs = Ops.softmax(teacher, 1);
        Tensor label = Ops.oneHot(labels, theirs);
        Tensor target = Ops.pow(theirs.add(label), epsilon).sub(label);
        return Ops.sum(target.mul(Ops.logSoftmax(student, 1)), 1).neg();
    }

    @Override
    public boolean needsLabels() {
        return true;
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "one-for-all",
                    "OFA: the label raised by the teacher's confidence; for a teacher of another family",
                    values -> new OneForAll(values.get(EPSILON)),
                    EPSILON);
        }
    }
}
