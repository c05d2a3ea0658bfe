package dev.limbeck.train;

import java.util.Collection;
import org.bytedeco.pytorch.Tensor;

/**
 * Exchange values between processes that train one model on different rows. The training loop calls every method on each
 * process in the same order. One process alone exchanges nothing.
 */
public interface Exchange {
    /** Train in one process. */
    Exchange ALONE = new Exchange() {};

    /** Return the index of this process, from 0. */
    default int rank() {
        return 0;
    }

    /** Return the number of processes. */
    default int size() {
        return 1;
    }

    /**
     * Replace each gradient by its mean over the processes. It is called before gradients are clipped. A parameter without
     * a gradient counts as zero if another process has one.
     */
    default void averageGradients(Collection<Tensor> parameters) {}

    /** Return the sums of values, such as losses and numbers of rows, over the processes. */
    default double[] sum(double... values) {
        return values;
    }

    /** Return whether any process says so, such as that training must stop. */
    default boolean any(boolean here) {
        return here;
    }

    /** Return whether this process writes files and prints: only the first one does. */
    default boolean writes() {
        return rank() == 0;
    }
}
