package dev.limbeck.optim;

import dev.limbeck.nn.StateDict;

/** Update parameters from their gradients, with the optimizer's moments. */
public interface OptimizerState extends AutoCloseable {
    /**
     * Take one step.
     *
     * @param rate learning rate
     * @param momentum replaces the optimizer's momentum (AdamW's beta1), unless it is NaN
     */
    void step(double rate, double momentum);

    /** Copy the state that the next step depends on. The caller closes it. */
    StateDict state();

    /** Restore the result of {@link #state} for the same parameters. */
    void restore(StateDict state);

    @Override
    void close();
}
