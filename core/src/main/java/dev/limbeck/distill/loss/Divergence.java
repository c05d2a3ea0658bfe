package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.tensor.Ops;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute T²·D(p, q), the mean over the rows, with p the teacher's softened probabilities, q the student's, and one of several divergences D:
 *
 * <ul>
 *   <li>{@code forward}: KL(p ‖ q), which is {@link SoftTarget}
 *   <li>{@code reverse}: KL(q ‖ p)
 *   <li>{@code jeffreys}: KL(p ‖ q) + KL(q ‖ p), symmetric (Jeffreys, 1946)
 *   <li>{@code jensen-shannon}: β·KL(p ‖ m) + (1 − β)·KL(q ‖ m) with m = β·p + (1 − β)·q, symmetric for β = ½ (Agarwal et al.,
 *       On-Policy Distillation of Language Models, ICLR 2024)
 *   <li>{@code total-variation}: ½·Σ |p − q|; times T instead of T², which keeps the scale of its gradient
 *   <li>{@code skew}: KL(p ‖ α·p + (1 − α)·q), {@code skew-reverse}: KL(q ‖ (1 − α)·p + α·q) (Ko et al., DistiLLM, ICML 2024)
 * </ul>
 *
 * <p>For several labels per row, p and q are those of an independent yes or no for each label, and D is summed over the labels. For numbers
 * there is none: between two normal distributions of one width, forward, reverse and symmetric divergence are the squared difference, see
 * {@link LogitMse}.
 *
 * @param kind which divergence
 * @param temperature T, positive; 1 is the default
 * @param share β or α, above 0 and below 1; only for the kinds that have one
 * @param sigmoid whether each output is a label of its own
 */
public record Divergence(Kind kind, double temperature, double share, boolean sigmoid) implements LogitLoss {
    /** Name a divergence. */
    public enum Kind {
        FORWARD,
        REVERSE,
        JEFFREYS,
        JENSEN_SHANNON,
        TOTAL_VARIATION,
        SKEW,
        SKEW_REVERSE;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        private boolean skews() {
            return this == SKEW || this == SKEW_REVERSE;
        }
    }

    private static final LossSetting<String> KIND = LossSetting.word(
            "kind",
            Kind.FORWARD.toString(),
            "which divergence",
            Arrays.stream(Kind.values()).map(Kind::toString).toArray(String[]::new));
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(1);
    private static final LossSetting<Double> BETA = share("beta", 0.5, "the teacher's share in jensen-shannon");
    private static final LossSetting<Double> ALPHA = share("alpha", 0.1, "share of the own side in skew, skew-reverse");
    private static final LossSetting<Boolean> SIGMOID =
            LossSetting.flag("sigmoid", false, "one sigmoid per class; for rows with several labels");

    public Divergence {
        TEMPERATURE.check(temperature);
        if (kind == Kind.JENSEN_SHANNON) BETA.check(share);
        if (kind.skews()) ALPHA.check(share);
    }

    /** Use a divergence with the default β = 0.5 or α = 0.1, on softmax probabilities. */
    public Divergence(Kind kind, double temperature) {
        this(kind, temperature, (kind.skews() ? ALPHA : BETA).defaultValue(), false);
    }

    private static LossSetting<Double> share(String name, double defaultValue, String help) {
        return LossSetting.number(name, defaultValue, help)
                .within("above 0 and below 1", value -> value > 0 && value < 1);
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        Tensor q = logProbabilities(student);
        Tensor p = logProbabilities(teacher);
        Tensor values = switch (kind) {
            case FORWARD -> kl(p, q);
            case REVERSE -> kl(q, p);
            case JEFFREYS -> kl(p, q).add(kl(q, p));
            case JENSEN_SHANNON -> {
                Tensor mixed = mixed(share, p, q);
                yield Ops.mul(kl(p, mixed), share).add(Ops.mul(kl(q, mixed), 1 - share));
            }
            case TOTAL_VARIATION -> Ops.mul(Ops.sum(p.exp().sub(q.exp()).abs(), 1), 0.5);
            case SKEW -> kl(p, mixed(share, p, q));
            case SKEW_REVERSE -> kl(q, mixed(share, q, p));
        };
        return Ops.mul(values, kind == Kind.TOTAL_VARIATION ? temperature : temperature * temperature);
    }

    /** Return the logarithm of the probability of each class, or of the presence and the absence of each label. */
    private Tensor logProbabilities(Tensor logits) {
        if (!sigmoid) return Softened.logProbabilities(logits, temperature);
        Tensor softened = Ops.div(logits, temperature);
        return Ops.cat(1, Ops.logSigmoid(softened), Ops.logSigmoid(softened.neg()));
    }

    /** Return Σ eᵃ·(a − b) per row, of logarithms, which stay finite where probabilities are 0. */
    private static Tensor kl(Tensor a, Tensor b) {
        return Ops.sum(a.exp().mul(a.sub(b)), 1);
    }

    /** Return log(s·eᵃ + (1 − s)·eᵇ). */
    private static Tensor mixed(double s, Tensor a, Tensor b) {
        return Ops.logAddExp(Ops.add(a, Math.log(s)), Ops.add(b, Math.log(1 - s)));
    }

    /** {@inheritDoc} The logits of independent labels are not determined by probabilities that sum to 1. */
    @Override
    public OutputKind needs() {
        if (sigmoid) return OutputKind.LOGITS;
        return kind == Kind.FORWARD ? OutputKind.TOP_CLASSES : OutputKind.PROBABILITIES;
    }

    @Override
    public boolean fits(Task.Kind task) {
        return task == Task.Kind.SINGLE_LABEL || sigmoid && task == Task.Kind.MULTI_LABEL;
    }

    @Override
    public Divergence withTemperature(double other) {
        return new Divergence(kind, other, share, sigmoid);
    }

    /** Register the loss. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "divergence",
                    "a divergence of choice between the softened probabilities, times T²",
                    Type::make,
                    KIND,
                    TEMPERATURE,
                    BETA,
                    ALPHA,
                    SIGMOID);
        }

        private static Divergence make(LossValues values) {
            Kind kind = Kind.valueOf(values.get(KIND).toUpperCase(Locale.ROOT).replace('-', '_'));
            requireUsual(kind == Kind.JENSEN_SHANNON, BETA, values, kind);
            requireUsual(kind.skews(), ALPHA, values, kind);
            double share = values.get(kind.skews() ? ALPHA : BETA);
            return new Divergence(kind, values.get(TEMPERATURE), share, values.get(SIGMOID));
        }

        /** Refuse a share of another divergence, which would change nothing. */
        private static void requireUsual(boolean has, LossSetting<Double> share, LossValues values, Kind kind) {
            if (has || values.get(share).equals(share.defaultValue())) return;
            throw new LimbeckException("the divergence " + kind + " has no " + share.name() + ", found "
                    + values.get(share) + "; leave it out, or choose another kind");
        }
    }
}
