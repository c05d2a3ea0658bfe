package dev.limbeck.data;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Hold a few rows of a split as tensors. They live in the scope that was open when the batch was taken from its
 * stream.
 *
 * @param inputs one or several tensors whose first dimension is the row
 * @param labels int64 class indices of shape N; −1 where a row has no label
 * @param indices the rows' positions in their split, on the host
 */
public record Batch(List<Tensor> inputs, Tensor labels, int[] indices) {
    public Batch {
        inputs = List.copyOf(inputs);
    }

    /**
     * Return the only input.
     *
     * @throws IllegalStateException if there are several
     */
    public Tensor input() {
        if (inputs.size() != 1) {
            throw new IllegalStateException("the batch has " + inputs.size() + " inputs; use inputs()");
        }
        return inputs.get(0);
    }

    /** Return the number of rows. */
    public int size() {
        return indices.length;
    }
}
