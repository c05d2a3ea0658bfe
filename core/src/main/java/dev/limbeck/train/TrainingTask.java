package dev.limbeck.train;

/**
 * Compute a batch's outputs and the named terms of its loss. The loop takes the gradients of their weighted sum. The standard task
 * runs the model and compares its outputs with the targets; {@link Callback#decorate} wraps it, as distillation, self-distillation
 * and mixup do. After {@code TrainingTask} of timm.
 */
@FunctionalInterface
public interface TrainingTask {
    /** Compute one batch: set the step's {@link TrainStep#setPrediction prediction} and add at least one loss term. */
    void forward(TrainStep step);
}
