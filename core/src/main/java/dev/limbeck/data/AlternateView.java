package dev.limbeck.data;

import org.bytedeco.pytorch.Tensor;

/**
 * Prepare the rows of a batch for another model: from the same sources, with the same random draws. The view owns its
 * memory cache.
 */
public interface AlternateView extends AutoCloseable {
    /**
     * Return the input for a batch, on the host, in the caller's scope.
     *
     * @throws dev.limbeck.LimbeckException if the batch has no provenance
     */
    Tensor input(Batch batch);

    /** Return the shape of one row. */
    long[] inputShape();

    @Override
    void close();
}
