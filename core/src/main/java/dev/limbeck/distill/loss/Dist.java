package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Compute T²·(β·(1 − inter) + γ·(1 − intra)). Inter is the mean Pearson correlation of the student's and teacher's
 * probabilities over the classes of a row, intra over the rows of a class. Only relations matter, not exact
 * probabilities, which a student of a much stronger teacher cannot match. 0 for equal probabilities.
 *
 * <p>Huang et al., Knowledge Distillation from A Stronger Teacher, NeurIPS 2022. Intra is estimated from the rows of a
 * batch: use batches of at least 32.
 *
 * @param beta β ≥ 0; 1 is the default
 * @param gamma γ ≥ 0; 1 is the default
 * @param temperature T, positive; 1 is the default
 */
public record Dist(double beta, double gamma, double temperature) implements ProbabilityLoss {
    private static final LossSetting<Double> BETA = LossSetting.number(
                    "beta", 1, "weight of the correlation over classes")
            .atLeast(0.0);
    private static final LossSetting<Double> GAMMA = LossSetting.number(
                    "gamma", 1, "weight of the correlation over rows")
            .atLeast(0.0);
    private static final LossSetting<Double> TEMPERATURE = LossSetting.temperature(1);

    private static final double EPSILON = 1e-8;

    public Dist {
        BETA.check(beta);
        GAMMA.check(gamma);
        TEMPERATURE.check(temperature);
    }

    /** Use the paper's values for ImageNet: β 1, γ 1, T 1. */
    public Dist() {
        this(BETA.defaultValue(), GAMMA.defaultValue(), TEMPERATURE.defaultValue());
    }

    /** Compute only the inter part: the intra part has no value per row. */
    @Override
    public Tensor rows(Tensor student, Tensor teacher, Tensor labels) {
        return apart(
                Softened.probabilities(student, temperature), Softened.probabilities(teacher, temperature), 1, null);
    }

    @Override
    public Tensor mean(Tensor student, Tensor teacher, Tensor labels, @Nullable Tensor weights) {
        Tensor ours = Softened.probabilities(student, temperature);
        Tensor theirs = Softened.probabilities(teacher, temperature);
        Tensor inter = RowMean.of(apart(ours, theirs, 1, null), weights);
        Tensor intra = apart(ours, theirs, 0, weights).mean();
        // Without rows there is no correlation; 0 would be the worst one.
        if (weights != null) intra = intra.mul(Ops.gt(weights.sum(), 0));
        double squared = temperature * temperature;
        return Ops.mul(inter, beta * squared).add(Ops.mul(intra, gamma * squared));
    }

    /** Return 1 − the correlation along a dimension, with optional weights of its elements. */
    private static Tensor apart(Tensor a, Tensor b, long dim, @Nullable Tensor weights) {
        Tensor shares = weights == null
                ? null
                : weights.div(Ops.clampMin(weights.sum(), EPSILON)).unsqueeze(1);
        Tensor left = centered(a, dim, shares);
        Tensor right = centered(b, dim, shares);
        if (shares != null) {
            Tensor root = shares.sqrt();
            left = left.mul(root);
            right = right.mul(root);
        }
        Tensor norms = Ops.norm(left, dim).mul(Ops.norm(right, dim));
        return Ops.add(
                Ops.sum(left.mul(right), dim).div(Ops.add(norms, EPSILON)).neg(), 1);
    }

    private static Tensor centered(Tensor x, long dim, @Nullable Tensor shares) {
        Tensor mean = shares == null ? x.mean(dim) : Ops.sum(x.mul(shares), dim);
        return x.sub(mean.unsqueeze(dim));
    }

    @Override
    public boolean relational() {
        return gamma > 0;
    }

    @Override
    public Dist withTemperature(double other) {
        return new Dist(beta, gamma, other);
    }

    /** Offer the loss by name. */
    public static final class Type extends LogitLossType {
        public Type() {
            super(
                    "dist",
                    "DIST: correlation over classes and over rows; for teachers much stronger than the student",
                    values -> new Dist(values.get(BETA), values.get(GAMMA), values.get(TEMPERATURE)),
                    BETA,
                    GAMMA,
                    TEMPERATURE);
        }
    }
}
