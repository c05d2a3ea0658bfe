package dev.limbeck.data;

import dev.limbeck.tensor.Scope;
import org.jspecify.annotations.Nullable;

/**
 * Iterate over the batches of one pass, in a deterministic order. A loader belongs to one thread; use it in
 * try-with-resources. Closing it early stops its workers.
 */
public interface DataLoader extends AutoCloseable {
    /** Return the number of batches of the whole pass. */
    int batches();

    /**
     * Return the next batch, or null after the last one. Its tensors are created on this thread, in its open scope.
     *
     * @throws RuntimeException the exception of the worker that prepared this batch
     */
    @Nullable
    Batch next();

    /** Pass over the next batch. Loaders that can do so do not prepare it. */
    default void skip() {
        try (Scope scope = Scope.open()) {
            next();
        }
    }

    @Override
    void close();
}
