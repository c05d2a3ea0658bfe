package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Shard;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Exchange values between processes that train one model on different rows. Every process calls the same methods in the same
 * order. One process alone exchanges nothing.
 */
public interface Exchange {
    /** Characters shown on both sides of a difference. */
    int SHOWN = 30;

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

    /** Return which batches of a pass over the rows this process takes. */
    default Shard shard() {
        return new Shard(rank(), size());
    }

    /** Return whether this process writes files and prints: only the first one does. */
    default boolean writes() {
        return rank() == 0;
    }

    /**
     * Require that a text is the same in all processes.
     *
     * @param what name of the text, such as {@code recipe}
     * @throws dev.limbeck.LimbeckException in all processes, if it differs in one
     */
    default void agree(String what, String text) {
        List<String> all = gather(text);
        for (int i = 1; i < all.size(); i++) {
            if (all.get(i).equals(all.get(0))) continue;
            int at = Arrays.mismatch(all.get(0).toCharArray(), all.get(i).toCharArray());
            throw new LimbeckException("processes 0 and " + i + " must have the same " + what + ", found "
                    + excerpt(all.get(0), at) + " and " + excerpt(all.get(i), at)
                    + "; start all of them with the same files and options");
        }
    }

    private static String excerpt(String text, int at) {
        return "'" + text.substring(Math.max(0, at - SHOWN), Math.min(text.length(), at + SHOWN)) + "'";
    }

    /** Return the texts of all processes, in order. */
    default List<String> gather(String text) {
        return List.of(text);
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

    /** Return the sums of values, such as losses and numbers of rows, over the processes. */
    default double[] sum(double... values) {
        return values;
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
