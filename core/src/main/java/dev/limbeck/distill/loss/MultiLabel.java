package dev.limbeck.distill.loss;

import dev.limbeck.Task;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·Σ KL(Bernoulli(σ(zₜ/T)) ‖ Bernoulli(σ(zₛ/T))) over the classes, the mean over the rows: an independent
 * sigmoid per class. For multi-label classification.
 *
 * <p>Yang et al., Multi-Label Knowledge Distillation, ICCV 2023 (its logit part). Summed over the classes, as in the
 * classic loss.
 *
 * @param temperature T, positive; 1 is the default
 */
public record MultiLabel(double temperature) implements LogitLoss {
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(1);

    public MultiLabel {
        TEMPERATURE.check(temperature);
    }

    /** Use T = 1. */
    public MultiLabel() {
        this(TEMPERATURE.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor ours = Ops.div(student, temperature);
        Tensor theirs = Ops.div(teacher, temperature);
        Tensor yes = theirs.sigmoid().mul(Ops.logSigmoid(theirs).sub(Ops.logSigmoid(ours)));
        Tensor no = theirs.neg().sigmoid().mul(Ops.logSigmoid(theirs.neg()).sub(Ops.logSigmoid(ours.neg())));
        return Ops.mul(Ops.sum(yes.add(no), 1), temperature * temperature);
    }

    @Override
    public boolean fits(Task.Kind task) {
        return task == Task.Kind.SINGLE_LABEL || task == Task.Kind.MULTI_LABEL;
    }

    @Override
    public double temperature() {
        return temperature;
    }

    @Override
    public MultiLabel withTemperature(double other) {
        return new MultiLabel(other);
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "multi-label",
                    "one sigmoid per class; for rows with several labels",
                    values -> new MultiLabel(values.get(TEMPERATURE)),
                    TEMPERATURE);
        }
    }
}
