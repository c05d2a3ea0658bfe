package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** Compare the logits of a student with those of a teacher; callable on plain tensors, without a learner. */
@FunctionalInterface
public interface LogitLoss {
    /**
     * Compute the loss; gradients flow to the student alone.
     *
     * @param student logits, N×classes
     * @param teacher logits, N×classes
     * @param labels int64 class indices, N; −1 where a row has none. Most losses do not look at them
     * @return a scalar: the mean over the rows
     */
    Tensor of(Tensor student, Tensor teacher, Tensor labels);

    /** Return the name under which the term is recorded. */
    default String name() {
        return getClass().getSimpleName();
    }

    /**
     * Check that two logit tensors can be compared; different class counts would broadcast to a meaningless number.
     *
     * @throws LimbeckException if they cannot
     */
    static void checkShapes(Tensor student, Tensor teacher) {
        if (student.dim() != 2 || !Arrays.equals(student.shape(), teacher.shape())) {
            throw new LimbeckException("student and teacher must both give rows×classes logits of one shape, found "
                    + Tensors.shapeText(student.shape()) + " and " + Tensors.shapeText(teacher.shape())
                    + "; teach with a teacher of the same classes");
        }
    }
}
