package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute the cross-entropy with the teacher's most likely class as the label, the mean over the rows.
 *
 * <p>Touvron et al., Training data-efficient image transformers and distillation through attention, ICML 2021.
 */
public record HardLabel() implements LogitLoss {
    @Override
    public Tensor of(Tensor student, Tensor teacher, Tensor labels) {
        LogitLoss.checkShapes(student, teacher);
        return Ops.crossEntropy(student, Ops.argmax(teacher.detach(), 1));
    }
}
