package dev.limbeck.distill.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of the logits, over rows and classes. It is the limit of the softened losses at
 * high temperature for logits with zero mean. Suited to teachers with logits of the student's scale.
 *
 * <p>Ba and Caruana, Do Deep Nets Really Need to be Deep?, NIPS 2014.
 */
public record LogitMse() implements LogitLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return student.sub(teacher).square().mean(1);
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super("logit-mse", "squared difference of the logits", values -> new LogitMse());
        }
    }
}
