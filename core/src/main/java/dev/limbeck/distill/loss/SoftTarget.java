package dev.limbeck.distill.loss;

import dev.limbeck.Settings;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·KL(softmax(zₜ/T) ‖ softmax(zₛ/T)), the mean over the rows: the classic distillation loss. T² keeps its
 * gradient comparable with the task's whatever the temperature.
 *
 * <p>Hinton, Vinyals and Dean, Distilling the Knowledge in a Neural Network, 2015. It is 0 exactly where the student
 * agrees, and its gradient is that of {@link SoftCrossEntropy#scaled()}.
 *
 * @param temperature T, positive; 2 to 20 is usual
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
    public Tensor of(Tensor student, Tensor teacher, Tensor labels) {
        LogitLoss.checkShapes(student, teacher);
        Tensor logStudent = Ops.logSoftmax(Ops.div(student, temperature), 1);
        Tensor target = Ops.softmax(Ops.div(teacher.detach(), temperature), 1);
        return Ops.mul(Ops.klSum(logStudent, target), temperature * temperature / student.size(0));
    }
}
