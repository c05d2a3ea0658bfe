package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Divide logits by a temperature per row, and multiply the loss of each row by its squared temperature.
 *
 * @param temperatures maps the teacher's logits, N×classes, to N positive numbers
 * @param inner any logit loss, with T = 1
 */
public record RowTemperature(UnaryOperator<Tensor> temperatures, LogitLoss inner) implements WrappedLoss {
    private static final double LEAST = 1e-6;

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor own = own(teacher);
        return inner.rows(softened(student, own), softened(teacher, own), labels)
                .mul(own.square());
    }

    /** Weight rows by their squared temperatures, which also works for relational losses. */
    @Override
    public Tensor mean(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        Tensor own = own(teacher);
        Tensor squared = own.square();
        Tensor shares = weights == null ? squared : squared.mul(weights);
        return inner.mean(softened(student, own), softened(teacher, own), labels, shares)
                .mul(RowMean.of(squared, weights));
    }

    private Tensor own(Tensor teacher) {
        return Ops.clampMin(temperatures.apply(teacher).detach(), LEAST);
    }

    private static Tensor softened(Tensor logits, Tensor own) {
        return logits.div(own.unsqueeze(1));
    }
}
