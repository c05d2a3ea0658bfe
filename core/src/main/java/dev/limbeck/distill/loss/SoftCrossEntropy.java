package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute −Σ softmax(zₜ/T)·log softmax(zₛ/T), the mean over the rows: the cross-entropy of the softened distributions,
 * as in the PyTorch tutorial. Without T², its gradient shrinks as 1/T². Prefer {@link SoftTarget}, except to repeat a
 * published result.
 *
 * <p>Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015.
 *
 * @param temperature T, positive; 3 is the default
 * @param squared whether to multiply by T²
 */
public record SoftCrossEntropy(double temperature, boolean squared) implements LogitLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(3);

    public SoftCrossEntropy {
        TEMPERATURE.check(temperature);
    }

    /** Use the tutorial's form, without T², at T = 3. */
    public SoftCrossEntropy() {
        this(TEMPERATURE.defaultValue());
    }

    /** Use the tutorial's form, without T². */
    public SoftCrossEntropy(double temperature) {
        this(temperature, false);
    }

    /** Return the same loss multiplied by T². */
    public SoftCrossEntropy scaled() {
        return new SoftCrossEntropy(temperature, true);
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor values = Softened.crossEntropy(student, teacher, temperature);
        return squared ? Ops.mul(values, temperature * temperature) : values;
    }

    @Override
    public SoftCrossEntropy withTemperature(double other) {
        return new SoftCrossEntropy(other, squared);
    }

    @Override
    public OutputKind needs() {
        return OutputKind.TOP_CLASSES;
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "soft-cross-entropy",
                    "cross-entropy of the softened probabilities, without T²",
                    values -> new SoftCrossEntropy(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }

    /** Register the scaled form. */
    public static final class Scaled extends LogitLossType {
        public Scaled() {
            super(
                    "soft-cross-entropy-scaled",
                    "the same times T²",
                    values -> new SoftCrossEntropy(values.get(TEMPERATURE)).scaled(),
                    TEMPERATURE);
        }
    }
}
