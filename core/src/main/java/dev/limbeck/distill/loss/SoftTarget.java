package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·KL(softmax(zₜ/T) ‖ softmax(zₛ/T)), the mean over the rows: the classic distillation loss. The factor T²
 * keeps the scale of its gradient independent of the temperature. This is the recommended first choice.
 *
 * <p>Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015. It is 0 only for equal
 * probabilities, and its gradient is that of {@link SoftCrossEntropy#scaled()}.
 *
 * @param temperature T, positive; typically 2 to 20, default 3
 */
public record SoftTarget(double temperature) implements LogitLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(3);

    public SoftTarget {
        TEMPERATURE.check(temperature);
    }

    /** Use the tutorial's temperature, 3. */
    public SoftTarget() {
        this(TEMPERATURE.defaultValue());
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

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "soft-target",
                    "the classic: KL divergence of the softened probabilities, times T²",
                    values -> new SoftTarget(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }
}
