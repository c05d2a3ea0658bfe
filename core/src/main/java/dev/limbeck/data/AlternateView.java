package dev.limbeck.data;

import org.bytedeco.pytorch.Tensor;

/**
 * Show the rows of a batch as another model wants them: made of the same sources, by the same draws. It owns what it keeps in
 * memory.
 */
public interface AlternateView extends AutoCloseable {
    /**
     * Make the input, on the host, inside the caller's scope.
     *
     * @throws dev.limbeck.LimbeckException if the batch does not tell which rows it holds
     */
    Tensor input(Batch batch);

    /** Return the shape of one row. */
    long[] inputShape();

    @Override
    void close();
}
