package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Match the sign of pre-activations, not their size. Where the teacher's response is positive, the student's is pulled
 * above the margin, elsewhere below its negative, by the squared shortfall; the mean over all elements. Needs two equal
 * shapes, N×C×H×W or N×C, before a ReLU. The authors use it to initialize a student before task training.
 *
 * <p>Heo et al., Knowledge Transfer via Distillation of Activation Boundaries Formed by Hidden Neurons, AAAI 2019.
 *
 * @param margin m, positive; 2 is the default
 */
public record ActivationBoundaries(double margin) implements DirectFeatureLoss {
    private static final LossSetting<Double> MARGIN = LossSetting.number(
                    "margin", 2, "minimum distance of the student's response from 0")
            .positive();

    public ActivationBoundaries {
        MARGIN.check(margin);
    }

    /** Use a margin of 2. */
    public ActivationBoundaries() {
        this(MARGIN.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor fires = Ops.gt(teacher, 0);
        Tensor tooLow = Ops.clampMin(Ops.add(student.neg(), margin), 0).mul(fires);
        Tensor tooHigh = Ops.clampMin(Ops.add(student, margin), 0).mul(fires.logical_not());
        return Maps.rowMean(tooLow.square().add(tooHigh.square()));
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "activation-boundaries",
                    "AB: signs of activations; for layers before a ReLU",
                    values -> new ActivationBoundaries(values.get(MARGIN)),
                    MARGIN);
        }
    }
}
