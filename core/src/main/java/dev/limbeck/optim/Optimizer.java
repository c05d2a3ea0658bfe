package dev.limbeck.optim;

import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/** Hold the settings of an optimizer. {@link #prepare} creates its state for given parameters. */
public sealed interface Optimizer permits AdamW, Sgd {
    /** Create the state for parameters by path. Parameters that do not require gradients are ignored. */
    default OptimizerState prepare(Map<String, Tensor> parameters) {
        return prepare(parameters, name -> 1);
    }

    /**
     * Create the state for parameters with different learning rates.
     *
     * @param rateFactor maps a parameter's path to the factor of its learning rate
     */
    OptimizerState prepare(Map<String, Tensor> parameters, ToDoubleFunction<String> rateFactor);
}
