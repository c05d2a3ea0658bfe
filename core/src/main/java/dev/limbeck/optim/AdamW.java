package dev.limbeck.optim;

import dev.limbeck.Settings;
import dev.limbeck.tensor.FusedUpdate;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * Optimize with AdamW: Adam with decoupled weight decay (Loshchilov and Hutter, ICLR 2019).
 *
 * @param beta1 decay of the gradient average, in [0, 1); one-cycle training overrides it in each step
 * @param beta2 decay of the squared-gradient average, in [0, 1)
 * @param eps term added to the denominator, positive
 * @param weightDecay decoupled weight decay, at least 0; a step shrinks weights by this times the learning rate
 * @param decayAll whether to decay biases and batch norms too
 */
public record AdamW(double beta1, double beta2, double eps, double weightDecay, boolean decayAll) implements Optimizer {
    public AdamW {
        Settings.inHalfOpenUnit("beta1", beta1);
        Settings.inHalfOpenUnit("beta2", beta2);
        Settings.positive("eps", eps);
        Settings.notNegative("weight decay", weightDecay);
    }

    /** Return fastai's settings: betas 0.9 and 0.99, eps 1e-5, weight decay 0.01 without biases and batch norms. */
    public static AdamW defaults() {
        return new AdamW(0.9, 0.99, 1e-5, 0.01, false);
    }

    @Override
    public OptimizerState prepare(Map<String, Tensor> parameters, ToDoubleFunction<String> rateFactor) {
        return new ParameterGroups(
                parameters,
                rateFactor,
                decayAll,
                FusedUpdate::adamW,
                (group, rate, override, decays) -> group.stepAdamW(
                        rate, Double.isNaN(override) ? beta1 : override, beta2, eps, decays ? weightDecay : 0));
    }
}
