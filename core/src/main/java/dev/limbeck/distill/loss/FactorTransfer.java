package dev.limbeck.distill.loss;

import dev.limbeck.nn.BatchNorm2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ReLU;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare factors extracted from both networks' features: the mean absolute difference of the flattened factors,
 * normalized to length 1 per row. A paraphraser, an autoencoder, reduces the teacher's features to {@code share} of
 * their channels. A translator maps the student's features to the same factors. Accepts N×C×H×W of equal H and W.
 * Suited to networks whose channels differ in meaning.
 *
 * <p>Kim, Park and Kwak, Paraphrasing Complex Network: Network Compression via Factor Transfer, NeurIPS 2018. The
 * authors pretrain the paraphraser. Here it is trained jointly on its reconstruction loss, without gradients from the
 * comparison.
 *
 * @param share ratio of factor channels to the teacher's channels, in (0, 1]; 0.5 is the default
 */
public record FactorTransfer(double share) implements FeatureLoss {
    private static final LossSetting<Double> SHARE = LossSetting.number(
                    "share", 0.5, "factors, as a share of the teacher's channels")
            .within("above 0 and at most 1", value -> value > 0 && value <= 1);

    public FactorTransfer {
        SHARE.check(share);
    }

    /** Use half of the teacher's channels. */
    public FactorTransfer() {
        this(SHARE.defaultValue());
    }

    /** Compare factors, N×K×H×W of both networks. Return N values. */
    public static Tensor compare(Tensor student, Tensor teacher) {
        return factor(student).sub(factor(teacher)).abs().mean(1);
    }

    private static Tensor factor(Tensor x) {
        return Ops.normalize(x.flatten(1, -1), 1);
    }

    @Override
    public Needs needs() {
        return Needs.POSITIONS;
    }

    @Override
    public Bound bind(Shapes shapes) {
        return new Factors(
                shapes.student().get(0)[0],
                shapes.teacher().get(0)[0],
                Math.max(1, Math.round(share * shapes.teacher().get(0)[0])));
    }

    private static final class Factors extends LearnedLoss {
        private final Module translator;
        private final Module encoder;
        private final Module decoder;

        Factors(long student, long teacher, long factors) {
            translator = child("translator", twoLayers(student, factors));
            encoder = child("encoder", twoLayers(teacher, factors));
            decoder = child("decoder", twoLayers(factors, teacher));
        }

        private static Module twoLayers(long in, long out) {
            return new Sequential(
                    Projections.conv(in, out, 3), new BatchNorm2d(out), new ReLU(), Projections.conv(out, out, 3));
        }

        @Override
        public Tensor rows(Features features) {
            Tensor teacher = features.teacher().get(0);
            Tensor theirs = encoder.apply(teacher);
            Tensor again = Maps.rowMean(decoder.apply(theirs).sub(teacher).square());
            return compare(translator.apply(features.student().get(0)), theirs.detach())
                    .add(again);
        }
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "factor-transfer",
                    "FT: factors that small networks extract",
                    values -> new FactorTransfer(values.get(SHARE)),
                    SHARE);
        }
    }
}
