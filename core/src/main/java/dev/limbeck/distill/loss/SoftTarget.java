package dev.limbeck.distill.loss;

import dev.limbeck.Settings;
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
    public static final double DEFAULT_TEMPERATURE = 3;

    public SoftTarget {
        Settings.positive("temperature", temperature);
    }

    /** Use the tutorial's temperature, 3. */
    public SoftTarget() {
        this(DEFAULT_TEMPERATURE);
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
}
