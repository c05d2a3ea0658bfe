package dev.limbeck.optim;

import dev.limbeck.Settings;
import dev.limbeck.tensor.FusedUpdate;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/**
 * Optimize with stochastic gradient descent and momentum.
 *
 * @param momentum momentum, in [0, 1); one-cycle training overrides it in each step, even if it is 0
 * @param nesterov whether to use Nesterov momentum (Sutskever et al., ICML 2013); needs momentum above 0
 * @param weightDecay L2 penalty added to the gradient, at least 0
 * @param decayAll whether to penalize biases and batch norms too
 */
public record Sgd(double momentum, boolean nesterov, double weightDecay, boolean decayAll) implements Optimizer {
    public Sgd {
        Settings.inHalfOpenUnit("momentum", momentum);
        Settings.notNegative("weight decay", weightDecay);
        if (nesterov && momentum == 0) throw Settings.wrong("momentum", "above 0 for Nesterov", momentum);
    }

    /** Return the settings of the CIFAR papers: Nesterov momentum 0.9, weight decay 5e-4 on everything. */
    public static Sgd defaults() {
        return new Sgd(0.9, true, 5e-4, true);
    }

    @Override
    public OptimizerState prepare(Map<String, Tensor> parameters, ToDoubleFunction<String> rateFactor) {
        return new ParameterGroups(
                parameters,
                rateFactor,
                decayAll,
                FusedUpdate::sgd,
                (group, rate, override, decays) -> group.stepSgd(
                        rate, Double.isNaN(override) ? momentum : override, nesterov, decays ? weightDecay : 0));
    }
}
