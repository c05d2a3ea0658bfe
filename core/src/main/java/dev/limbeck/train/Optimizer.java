package dev.limbeck.train;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Describe an optimiser; {@link #prepare} makes the one that holds state for given parameters. */
public sealed interface Optimizer permits AdamW, Sgd {
    /** Allocate the state for parameters by path; those that do not require a gradient are left out. */
    State prepare(Map<String, Tensor> parameters);

    /** Move parameters against their gradients and remember moments. */
    interface State extends AutoCloseable {
        /**
         * Take one step.
         *
         * @param rate learning rate
         * @param momentum replaces the optimiser's own momentum (AdamW's beta1) unless it is NaN
         */
        void step(double rate, double momentum);

        @Override
        void close();
    }

    /** Return whether weight decay usually spares a parameter: biases and batch norms, which are 1-d. */
    static boolean spared(Tensor parameter) {
        return parameter.dim() <= 1;
    }
}
