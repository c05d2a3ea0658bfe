package dev.limbeck.optim;

import dev.limbeck.nn.StateDict;

/** Move parameters against their gradients and remember moments. */
public interface OptimizerState extends AutoCloseable {
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
