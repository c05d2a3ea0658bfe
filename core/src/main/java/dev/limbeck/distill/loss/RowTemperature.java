package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Apply a loss to logits divided by a temperature of each row's own, and multiply its value by that temperature squared.
 *
 * @param temperatures from the teacher's logits, N×classes, to N positive numbers, in place of the loss's own one
 * @param inner any logit loss, at T = 1
 */
public record RowTemperature(UnaryOperator<Tensor> temperatures, LogitLoss inner) implements LogitLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor own = Ops.atLeast(temperatures.apply(teacher).detach(), 1e-6);
        Tensor column = own.unsqueeze(1);
        return inner.rows(student.div(column), teacher.div(column), labels).mul(own.square());
    }

    @Override
    public boolean needsLabels() {
        return inner.needsLabels();
    }

    @Override
    public Knowledge needs() {
        return inner.needs();
    }
}
