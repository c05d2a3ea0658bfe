package dev.limbeck.train;

import dev.limbeck.data.Processes;
import dev.limbeck.data.Shard;
import java.util.Collection;
import org.bytedeco.pytorch.Tensor;

/**
 * Exchange values between processes that train one model on different rows.
 */
public interface Exchange extends Processes {
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

    /** {@inheritDoc} Of a pass over rows, it takes whole batches. */
    @Override
    default Shard shard() {
        return new Shard(rank(), size());
    }

    /** Return whether this process writes files and prints: only the first one does. */
    default boolean writes() {
        return rank() == 0;
    }

    /**
     * Begin a fit: give all processes the first one's weights.
     *
     * @param parameters trained parameters, in the same order in all processes
     */
    default void begin(Collection<Tensor> parameters) {}

    /** Announce that the gradients of the next backward pass complete those that are exchanged. They may be sent while it runs. */
    default void beforeLastBackward() {}

    /**
     * Replace each gradient by its sum over the processes. A parameter without a gradient counts as zero if another process
     * has one.
     *
     * @param batches number of batches that this process summed gradients of, 0 or more
     * @return the number of batches of all processes
     */
    default int sumGradients(int batches) {
        return batches;
    }

    /** End a fit. */
    default void end() {}

    /** Replace tensors, such as statistics of batch norms, by those of the first process. */
    default void broadcast(Collection<Tensor> tensors) {}

    /** Return the bytes of the first process. */
    default byte[] broadcast(byte[] bytes) {
        return bytes;
    }

    /** Merge arrays of one length, in which each process has filled elements of its own and left the others 0. */
    default float[] merge(float[] own) {
        return own;
    }

    /** Return whether any process says so, such as that training must stop. */
    default boolean any(boolean here) {
        return sum(here ? 1 : 0)[0] > 0;
    }
}
