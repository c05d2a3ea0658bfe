package dev.limbeck.optim;

import dev.limbeck.nn.StateDict;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;

/** Describe an optimizer; {@link #prepare} makes the one that holds state for given parameters. */
public sealed interface Optimizer permits AdamW, Sgd {
    /** Allocate the state for parameters by path; those that do not require a gradient are left out. */
    default State prepare(Map<String, Tensor> parameters) {
        return prepare(parameters, name -> 1);
    }

    /**
     * Allocate the state for parameters of which some learn faster than others.
     *
     * @param rateFactor from a parameter's path to what its learning rate is multiplied with
     */
    State prepare(Map<String, Tensor> parameters, ToDoubleFunction<String> rateFactor);

    /** Move parameters against their gradients and remember moments. */
    interface State extends AutoCloseable {
        /**
         * Take one step.
         *
         * @param rate learning rate
         * @param momentum replaces the optimizer's own momentum (AdamW's beta1) unless it is NaN
         */
        void step(double rate, double momentum);

        /** Copy what the next step depends on; the caller closes it. */
        StateDict state();

        /** Go on from what {@link #state} returned for the same parameters. */
        void restore(StateDict state);

        @Override
        void close();
    }

    /** Return whether weight decay usually spares a parameter: biases and batch norms, which are 1-d. */
    static boolean spared(Tensor parameter) {
        return parameter.dim() <= 1;
    }
}
