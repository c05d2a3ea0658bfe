package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare the logits of a student and a teacher. It works on plain tensors, without a learner. */
@FunctionalInterface
public interface LogitLoss {
    /** Label of a position in dense outputs that must be ignored, such as a border or padding. */
    int IGNORED = -100;

    /**
     * Compute the loss of each row. Call {@link #compute} to use a loss, which checks arguments and takes the mean.
     *
     * @param student logits, N×classes
     * @param teacher logits, N×classes, without autograd
     * @param labels int64 class indices, N; a row without one has −1, or 0 if the loss {@link #needsLabels}
     * @return N values, or a scalar if rows cannot be separated
     */
    Tensor rows(Tensor student, Tensor teacher, Tensor labels);

    /** Compute the loss with equal weights; see {@link #compute(Tensor, Tensor, Tensor, Tensor)}. */
    default Tensor compute(Tensor student, Tensor teacher, Tensor labels) {
        return compute(student, teacher, labels, null);
    }

    /**
     * Compute the mean loss over the rows. Only the student gets gradients.
     *
     * @param student logits, N×classes, or dense ones N×classes×H×W, where every position is a row
     * @param teacher logits of the same shape
     * @param labels int64 class indices, N or N×H×W; −1 for none, {@link #IGNORED} (dense only) for positions to ignore
     * @param weights weights of the rows, N or N×H×W, at least 0; null for equal weights
     * @return a scalar: Σ weight·value / Σ weight; 0 if all weights are 0
     * @throws LimbeckException if the shapes differ (broadcasting would hide it), or if a relational loss gets one row
     */
    default Tensor compute(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        checkShapes(student, teacher);
        Tensor ours = student;
        Tensor theirs = teacher.detach();
        Tensor targets = labels;
        Tensor counts = weights;
        if (student.dim() == 4) {
            long classes = student.size(1);
            ours = ours.permute(0, 2, 3, 1).reshape(-1, classes);
            theirs = theirs.permute(0, 2, 3, 1).reshape(-1, classes);
            targets = labels.reshape(-1);
            Tensor counted = Ops.ne(targets, IGNORED);
            counts = weights == null ? counted : weights.reshape(-1).mul(counted);
        }
        if (relational() && ours.size(0) < 2) {
            throw new LimbeckException(
                    name() + " compares rows with each other, found a batch of 1; use batches of 2 or more");
        }
        if (needsLabels()) {
            Tensor labeled = Ops.ge(targets, 0);
            counts = counts == null ? labeled : counts.mul(labeled);
            targets = targets.mul(labeled);
        }
        return mean(ours, theirs, targets, counts == null ? null : Tensors.to(counts, DType.of(student)));
    }

    /** Reduce checked N×classes rows to a scalar. Relational losses override this. */
    default Tensor mean(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        return RowMean.of(rows(student, teacher, labels), weights);
    }

    /**
     * Return the kind of teacher output that this loss needs; the default is logits. Probabilities determine logits up
     * to a constant per row, which softmax ignores.
     */
    default OutputKind needs() {
        return OutputKind.LOGITS;
    }

    /**
     * Return whether the loss makes sense for the outputs of a task. The default is single-label classification only,
     * whose outputs a softmax turns into probabilities.
     */
    default boolean fits(Task.Kind task) {
        return task == Task.Kind.SINGLE_LABEL;
    }

    /** Return whether every row needs a label. */
    default boolean needsLabels() {
        return false;
    }

    /** Return the temperature; NaN if the loss has none. */
    default double temperature() {
        return Double.NaN;
    }

    /** Return whether rows are compared with each other, so a batch needs at least two. */
    default boolean relational() {
        return false;
    }

    /**
     * Return the same loss with another temperature.
     *
     * @throws LimbeckException if the loss has no temperature
     */
    default LogitLoss withTemperature(double temperature) {
        throw new LimbeckException(name() + " has no temperature to change; leave the schedule out");
    }

    /** Return the name of the recorded loss term. */
    default String name() {
        return getClass().getSimpleName();
    }

    /**
     * Check that two logit tensors can be compared.
     *
     * @throws LimbeckException if they have different shapes
     */
    static void checkShapes(Tensor student, Tensor teacher) {
        if ((student.dim() != 2 && student.dim() != 4) || !Arrays.equals(student.shape(), teacher.shape())) {
            throw new LimbeckException("student and teacher must both give rows×classes logits of one shape, found "
                    + Tensors.shapeText(student.shape()) + " and " + Tensors.shapeText(teacher.shape())
                    + "; teach with a teacher of the same classes");
        }
    }
}
