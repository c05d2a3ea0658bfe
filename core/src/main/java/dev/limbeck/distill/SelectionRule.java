package dev.limbeck.distill;

import dev.limbeck.train.TrainStep;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Say which rows of a batch are distilled, and how much each counts.
 *
 * @param confidenceThreshold least probability of the teacher's top class for an unlabeled row
 * @param teacherErrors what happens to labeled rows that the teacher misclassifies
 * @param weights from a step after the forward pass to a weight of each row; null for equal ones
 */
record SelectionRule(
        double confidenceThreshold,
        TeacherErrorPolicy teacherErrors,
        @Nullable Function<TrainStep, Tensor> weights) {
    static final SelectionRule ALL = new SelectionRule(0, TeacherErrorPolicy.KEEP, null);
}
