package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Apply a loss to logits divided by a temperature of each row's own, and multiply its value by that temperature squared.
 *
 * @param temperatures from the teacher's logits, N×classes, to N positive numbers, in place of the loss's own one
 * @param inner any logit loss, at T = 1
 */
public record RowTemperature(UnaryOperator<Tensor> temperatures, LogitLoss inner) implements WrappedLoss {
    private static final double LEAST = 1e-6;

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor own = own(teacher);
        return inner.rows(softened(student, own), softened(teacher, own), labels)
                .mul(own.square());
    }

    /** Weigh rows by their temperatures squared, which also serves losses that relate rows to each other. */
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
