package dev.limbeck.optim;

import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/** Describe an optimizer; {@link #prepare} makes the one that holds state for given parameters. */
public sealed interface Optimizer permits AdamW, Sgd {
    /** Allocate the state for parameters by path; those that do not require a gradient are left out. */
    default OptimizerState prepare(Map<String, Tensor> parameters) {
        return prepare(parameters, name -> 1);
    }

    /**
     * Allocate the state for parameters of which some learn faster than others.
     *
     * @param rateFactor from a parameter's path to what its learning rate is multiplied with
     */
    OptimizerState prepare(Map<String, Tensor> parameters, ToDoubleFunction<String> rateFactor);
}
