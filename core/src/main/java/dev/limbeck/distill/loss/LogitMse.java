package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of the logits, over rows and classes: the limit of the softened losses at high
 * temperature for logits of zero mean.
 *
 * <p>Ba and Caruana, Do Deep Nets Really Need to be Deep?, NIPS 2014.
 */
public record LogitMse() implements LogitLoss {
    @Override
    public Tensor of(Tensor student, Tensor teacher, Tensor labels) {
        LogitLoss.checkShapes(student, teacher);
        return Ops.meanSquaredError(student, teacher.detach());
    }
}
