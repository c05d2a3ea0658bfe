package dev.limbeck.distill.loss;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Maximize a lower bound of the mutual information of student and teacher features: ½·((t − μ(s))²/σ² + log σ²), the
 * mean over all elements. μ consists of three trained 1×1 convolutions, σ² is a trained variance per teacher channel.
 * Accepts N×C×H×W of equal H and W. Channels that the student cannot predict get a large variance and a low weight.
 *
 * <p>Ahn et al., Variational Information Distillation for Knowledge Transfer, CVPR 2019. σ² = softplus(α) + 10⁻⁵.
 *
 * @param variance initial variance of each channel, above 10⁻⁵; 5 is the default
 */
public record VariationalInformation(double variance) implements FeatureLoss {
    private static final double LEAST = 1e-5;
    private static final LossSetting<Double> VARIANCE = LossSetting.number(
                    "variance", 5, "initial variance of each channel")
            .within("above " + LEAST, value -> value > LEAST);

    public VariationalInformation {
        VARIANCE.check(variance);
    }

    /** Use the authors' initial variance, 5. */
    public VariationalInformation() {
        this(VARIANCE.defaultValue());
    }

    /**
     * Compare a prediction, N×C×H×W, with the teacher's features. Return N values.
     *
     * @param variance variance of each channel, 1×C×1×1
     */
    public static Tensor compare(Tensor predicted, Tensor teacher, Tensor variance) {
        return Maps.rowMean(
                Ops.div(predicted.sub(teacher).square().div(variance).add(variance.log()), 2));
    }

    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Predictor(shapes.student().get(0)[0], shapes.teacher().get(0)[0], variance);
    }

    private static final class Predictor extends LearnedLoss {
        private final Module mean;
        private final Tensor alpha;

        Predictor(long student, long teacher, double variance) {
            mean = child(
                    "mean",
                    new Sequential(
                            Projections.conv(student, teacher, 1),
                            new ReLU(),
                            Projections.conv(teacher, teacher, 1),
                            new ReLU(),
                            Projections.conv(teacher, teacher, 1)));
            alpha = parameter(
                    "alpha", Tensors.full(inverseSoftplus(variance - LEAST), DType.FLOAT32, 1, teacher, 1, 1));
        }

        /** Return x with log(1 + eˣ) = y. For a large y it is y to the last bit, and exp would overflow. */
        private static double inverseSoftplus(double y) {
            return y > 30 ? y : Math.log(Math.expm1(y));
        }

        @Override
        public Tensor rows(Features features) {
            return compare(
                    mean.apply(features.student().get(0)),
                    features.teacher().get(0),
                    Ops.add(Ops.softplus(alpha), LEAST));
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "variational",
                    "VID: mutual information of student and teacher features",
                    values -> new VariationalInformation(values.get(VARIANCE)),
                    VARIANCE);
        }
    }
}
