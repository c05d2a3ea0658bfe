package dev.limbeck.distill.loss;

import dev.limbeck.Settings;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute −Σ ((pₜ + y)^ε − y)·log pₛ, the mean over the rows, with y the label as one-hot: the labeled class is pulled up
 * more, the more the teacher believes in it. For a teacher of another family, such as a transformer for a convolutional
 * student, whose dark knowledge is of another kind.
 *
 * <p>Hao et al., One-for-All: Bridge the Gap Between Heterogeneous Architectures in Knowledge Distillation, NeurIPS 2023.
 *
 * @param epsilon ε ≥ 1; 1.5 is the default, 1 the plain cross-entropy with the teacher
 */
public record OneForAll(double epsilon) implements LogitLoss {
    public OneForAll {
        if (!(epsilon >= 1) || Double.isInfinite(epsilon)) throw Settings.wrong("epsilon", "at least 1", epsilon);
    }

    /** Use the paper's ε, 1.5. */
    public OneForAll() {
        this(1.5);
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

    @Override
    public OutputKind needs() {
        return OutputKind.PROBABILITIES;
    }
}
