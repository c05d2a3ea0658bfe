package dev.limbeck.distill.loss;

import dev.limbeck.Task;

/** Apply another loss to changed logits; what it needs of a batch is what that loss needs. */
interface WrappedLoss extends LogitLoss {
    LogitLoss inner();

    @Override
    default boolean fits(Task.Kind task) {
        return inner().fits(task);
    }

    @Override
    default OutputKind needs() {
        return inner().needs();
    }

    @Override
    default boolean needsLabels() {
        return inner().needsLabels();
    }

    @Override
    default boolean relational() {
        return inner().relational();
    }
}
