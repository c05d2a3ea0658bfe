package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Match which neurons fire, not how strongly: where the teacher's response is positive the student's is pulled above
 * the margin, elsewhere below its negative, by the square of what is missing; the mean over all elements. For features
 * before a ReLU. Takes two equal shapes, N×C×H×W or N×C. Its authors use it to begin a student with, before it learns
 * its task.
 *
 * <p>Heo et al., OutputKind Transfer via Distillation of Activation Boundaries Formed by Hidden Neurons, AAAI 2019.
 *
 * @param margin m, positive; 2 is the default
 */
public record ActivationBoundaries(double margin) implements DirectFeatureLoss {
    private static final LossSetting<Double> MARGIN = LossSetting.number(
                    "margin", 2, "distance from 0 that the student must keep")
            .positive();

    public ActivationBoundaries {
        MARGIN.check(margin);
    }

    /** Use a margin of 2. */
    public ActivationBoundaries() {
        this(MARGIN.usual());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor fires = Ops.gt(teacher, 0);
        Tensor tooLow = Ops.clampMin(Ops.add(student.neg(), margin), 0).mul(fires);
        Tensor tooHigh = Ops.clampMin(Ops.add(student, margin), 0).mul(fires.logical_not());
        return Maps.rowMean(tooLow.square().add(tooHigh.square()));
    }

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "activation-boundaries",
                    "AB: which neurons fire; for layers before a ReLU",
                    values -> new ActivationBoundaries(values.get(MARGIN)),
                    MARGIN);
        }
    }
}
