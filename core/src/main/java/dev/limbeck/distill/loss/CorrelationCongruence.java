package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the correlation of all pairs of rows: ‖Kₛ − Kₜ‖/N² (Frobenius norm) with K = exp(−2γ)·Σ (2γ)ᵖ/p!·(xᵢ·xⱼ)ᵖ, p
 * from 0 to the order: the Taylor series of the Gaussian kernel for vectors of length 1. Works on vectors of any width;
 * maps are averaged over positions. Use it with a logit loss.
 *
 * <p>Peng et al., Correlation Congruence for Knowledge Distillation, ICCV 2019. The series is valid for vectors of
 * length 1, so they are normalized; {@code normalized} false keeps them unchanged, as published code does.
 *
 * @param gamma γ, positive; 0.4 is the default
 * @param order highest power, at least 1; 2 is the default
 * @param normalized whether to normalize vectors to length 1
 */
public record CorrelationCongruence(double gamma, int order, boolean normalized) implements RelationalLoss {
    private static final LossSetting<Double> GAMMA =
            LossSetting.number("gamma", 0.4, "inverse width of the kernel").positive();
    private static final LossSetting<Integer> ORDER = LossSetting.whole(
                    "order", 2, "number of terms of the kernel's series")
            .atLeast(1);

    public CorrelationCongruence {
        GAMMA.check(gamma);
        ORDER.check(order);
    }

    /** Use normalized vectors. */
    public CorrelationCongruence(double gamma, int order) {
        this(gamma, order, true);
    }

    /** Use γ 0.4, order 2 and normalized vectors. */
    public CorrelationCongruence() {
        this(GAMMA.defaultValue(), ORDER.defaultValue());
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor difference = kernel(Ops.embedding(student)).sub(kernel(Ops.embedding(teacher)));
        double rows = student.size(0);
        return Ops.div(Ops.norm(difference.flatten(), 0), rows * rows);
    }

    private Tensor kernel(Tensor vectors) {
        Tensor x = normalized ? Ops.normalize(vectors, 1) : vectors;
        Tensor products = x.matmul(x.t());
        Tensor power = products;
        double factor = 2 * gamma;
        Tensor sum = Ops.add(Ops.mul(power, factor), 1);
        for (int p = 2; p <= order; p++) {
            power = power.mul(products);
            factor *= 2 * gamma / p;
            sum = sum.add(Ops.mul(power, factor));
        }
        return Ops.mul(sum, Math.exp(-2 * gamma));
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "correlation",
                    "CC: correlation of rows under a Gaussian kernel",
                    values -> new CorrelationCongruence(values.get(GAMMA), values.get(ORDER)),
                    GAMMA,
                    ORDER);
        }
    }
}
