package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·KL(softmax(zₜ/T) ‖ softmax(zₛ/T)), the mean over the rows: the classic distillation loss. T² keeps its
 * gradient comparable with the task's whatever the temperature. The one to begin with.
 *
 * <p>Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015. It is 0 exactly where the student
 * agrees, and its gradient is that of {@link SoftCrossEntropy#scaled()}.
 *
 * @param temperature T, positive; 2 to 20 is usual, 3 the default
 */
public record SoftTarget(double temperature) implements LogitLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(3);

    public SoftTarget {
        TEMPERATURE.check(temperature);
    }

    /** Use the tutorial's temperature, 3. */
    public SoftTarget() {
        this(TEMPERATURE.usual());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return Ops.mul(Softened.divergence(student, teacher, temperature), temperature * temperature);
    }

    @Override
    public SoftTarget withTemperature(double other) {
        return new SoftTarget(other);
    }

    @Override
    public OutputKind needs() {
        return OutputKind.TOP_CLASSES;
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "soft-target",
                    "the classic: divergence of the softened probabilities, times T²",
                    values -> new SoftTarget(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }
}
