package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare the logits of a student with those of a teacher; callable on plain tensors, without a learner. */
@FunctionalInterface
public interface LogitLoss {
    /** The label of a position, in dense outputs, that must not count at all, such as a border or padding. */
    int IGNORED = -100;

    /**
     * Compute the loss of each row; call {@link #compute} to use a loss, which checks its arguments and takes the mean.
     *
     * @param student logits, N×classes
     * @param teacher logits, N×classes, outside the graph
     * @param labels int64 class indices, N; a row without one has −1, or 0 if the loss {@link #needsLabels}
     * @return N values, or a scalar where they can't be told apart
     */
    Tensor rows(Tensor student, Tensor teacher, Tensor labels);

    /** Compute the loss with all rows alike; see {@link #compute(Tensor, Tensor, Tensor, Tensor)}. */
    default Tensor compute(Tensor student, Tensor teacher, Tensor labels) {
        return compute(student, teacher, labels, null);
    }

    /**
     * Compute the loss, the mean over the rows; gradients flow to the student alone.
     *
     * @param student logits, N×classes, or dense ones N×classes×H×W, of which every position is a row
     * @param teacher logits of the same shape
     * @param labels int64 class indices, N or N×H×W; −1 where there is none, {@link #IGNORED} (dense only) where the
     *     position must not count
     * @param weights of the rows, N or N×H×W, at least 0; null if all count alike
     * @return a scalar: Σ weight·value / Σ weight, 0 if all weights are
     * @throws LimbeckException if the shapes differ, as other class counts would broadcast to a meaningless number; or if a
     *     relational loss gets one row
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

    /** Reduce checked N×classes rows to a scalar; for losses that relate rows to each other. */
    default Tensor mean(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        return RowMean.of(rows(student, teacher, labels), weights);
    }

    /**
     * Return how much the teacher must tell for this loss to be right; logits unless a loss says that less will do. With
     * probabilities alone a row's logits are known up to a constant, which softmax does not see.
     */
    default OutputKind needs() {
        return OutputKind.LOGITS;
    }

    /** Return whether rows without a label can't be used. */
    default boolean needsLabels() {
        return false;
    }

    /** Return the temperature; NaN if it has none. */
    default double temperature() {
        return Double.NaN;
    }

    /** Return whether rows are compared with each other, so that a batch needs two at least. */
    default boolean relational() {
        return false;
    }

    /**
     * Return the same loss at another temperature.
     *
     * @throws LimbeckException if it has none
     */
    default LogitLoss withTemperature(double temperature) {
        throw new LimbeckException(name() + " has no temperature to change; leave the schedule out");
    }

    /** Return the name under which the term is recorded. */
    default String name() {
        return getClass().getSimpleName();
    }

    /**
     * Check that two logit tensors can be compared.
     *
     * @throws LimbeckException if they cannot
     */
    static void checkShapes(Tensor student, Tensor teacher) {
        if ((student.dim() != 2 && student.dim() != 4) || !Arrays.equals(student.shape(), teacher.shape())) {
            throw new LimbeckException("student and teacher must both give rows×classes logits of one shape, found "
                    + Tensors.shapeText(student.shape()) + " and " + Tensors.shapeText(teacher.shape())
                    + "; teach with a teacher of the same classes");
        }
    }
}
