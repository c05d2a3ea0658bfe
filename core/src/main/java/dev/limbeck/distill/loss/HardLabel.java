package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute the cross-entropy with the teacher's top class as the label, the mean over the rows. Suited to transformers.
 *
 * <p>Touvron et al., Training data-efficient image transformers and distillation through attention, ICML 2021.
 */
public record HardLabel() implements LogitLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return Softened.pick(Ops.logSoftmax(student, 1), Ops.argmax(teacher, 1)).neg();
    }

    @Override
    public OutputKind needs() {
        return OutputKind.TOP_CLASSES;
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super("hard-label", "the teacher's top class as the label", values -> new HardLabel());
        }
    }
}
