package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Match features from before a ReLU, where the teacher's are worth matching: the squared difference where the teacher
 * is positive; below the margin the student need only be below it too. The sum over a row's elements, the mean over the
 * rows: give it a scale of 10⁻³ or less. The student's features pass a trained 1×1 convolution and batch norm. Takes
 * N×C×H×W of equal H and W. For convolutional networks, whose stages end with a ReLU.
 *
 * <p>Heo et al., A Comprehensive Overhaul of Feature Distillation, ICCV 2019. Their margin is the mean of a channel's
 * negative responses; here its running mean over the batches, unless it is given.
 *
 * @param margin m &lt; 0 for all channels, or null to estimate it per channel
 */
public record OverhaulFeature(@Nullable Double margin) implements FeatureLoss {
    public OverhaulFeature {
        if (margin != null && !(margin < 0)) throw new LimbeckException("margin must be below 0, found " + margin);
    }

    /** Estimate the margins. */
    public OverhaulFeature() {
        this(null);
    }

    /**
     * Compare features of one shape, N×C×H×W. Return N values.
     *
     * @param margin one value per element, or 1×C×1×1
     */
    public static Tensor compare(Tensor student, Tensor teacher, Tensor margin) {
        Tensor active = Ops.gt(teacher, 0);
        Tensor low = teacher.le(margin);
        Tensor between = active.logical_or(low).logical_not();
        Tensor squares = student.sub(teacher).square();
        Tensor values = squares.mul(active)
                .add(squares.mul(between.logical_and(student.gt(teacher))))
                .add(student.sub(margin).square().mul(low.logical_and(student.gt(margin))));
        return Ops.sum(values.flatten(1, -1), 1);
    }

    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Connector(shapes.student().get(0)[0], shapes.teacher().get(0)[0], margin);
    }

    private static final class Connector extends LearnedLoss {
        private static final double MOMENTUM = 0.1;

        private final Module connector;
        private final Tensor margins;
        private final Tensor batches;
        private final boolean given;

        Connector(long student, long teacher, @Nullable Double margin) {
            given = margin != null;
            connector =
                    child("connector", new Sequential(Projections.conv(student, teacher, 1), new BatchNorm2d(teacher)));
            margins = buffer("margins", Tensors.full(given ? margin : 0, DType.FLOAT32, 1, teacher, 1, 1));
            batches = buffer("batches", Tensors.zeros(DType.INT64, 1));
        }

        @Override
        public Tensor rows(Features features) {
            Tensor teacher = features.teacher().get(0);
            if (!given) estimate(teacher);
            return compare(connector.apply(features.student().get(0)), teacher, margins);
        }

        private void estimate(Tensor teacher) {
            try (Scope scope = Scope.open();
                    NoGrad noGrad = NoGrad.on()) {
                Tensor negative = Ops.clampMin(teacher.neg(), 0).neg();
                Tensor count = Ops.perChannelSum(Ops.gt(teacher.neg(), 0));
                Tensor mean = Ops.perChannelSum(negative).div(Ops.clampMin(count, 1));
                double share = batches.item_long() == 0 ? 1 : MOMENTUM;
                Ops.addScaled_(margins, mean.sub(margins), share);
                Ops.increment_(batches);
            }
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "overhaul",
                    "OFD: features before a ReLU, above a margin; use scale 0.001 or less",
                    values -> new OverhaulFeature());
        }
    }
}
