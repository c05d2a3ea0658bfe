package dev.limbeck.distill.loss;

import dev.limbeck.Task;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of the outputs, over rows and classes or targets. It is the limit of the softened losses at
 * high temperature for logits with zero mean. Suited to teachers with logits of the student's scale.
 *
 * <p>Ba and Caruana, Do Deep Nets Really Need to be Deep?, NIPS 2014.
 */
public record LogitMse() implements LogitLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return student.sub(teacher).square().mean(1);
    }

    /** {@inheritDoc} It fits all with labels. For regression, outputs are standardized numbers. */
    @Override
    public boolean fits(Task.Kind task) {
        return task != Task.Kind.EMBEDDING;
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super("logit-mse", "squared difference of the outputs; for all tasks", values -> new LogitMse());
        }
    }
}
