package dev.limbeck.data;

import org.jspecify.annotations.Nullable;

/**
 * Give out the batches of one pass, in an order that depends on nothing but the data's settings. A stream belongs to
 * one thread and is used in try-with-resources; closing it early stops whatever works ahead.
 */
public interface DataLoader extends AutoCloseable {
    /** Return how many batches the whole pass has. */
    int batches();

    /**
     * Return the next batch, its tensors made on this thread inside its open scope, or null after the last one.
     *
     * @throws RuntimeException the very exception that preparing this batch failed with
     */
    @Nullable
    Batch next();

    @Override
    void close();
}
