package dev.limbeck.data;

import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold a few rows of a split as tensors. They live in the scope that was open when the batch was taken from its
 * stream.
 *
 * @param inputs one or several tensors whose first dimension is the row
 * @param labels int64 class indices of shape N; −1 where a row has no label
 * @param indices the rows' positions in their split, on the host
 * @param origin where the inputs come from; null if that is not known
 */
public record Batch(
        List<Tensor> inputs,
        Tensor labels,
        int[] indices,
        @Nullable Provenance origin) {
    public Batch {
        inputs = List.copyOf(inputs);
    }

    /** Hold rows of unknown origin. */
    public Batch(List<Tensor> inputs, Tensor labels, int[] indices) {
        this(inputs, labels, indices, null);
    }

    /** Hold inputs without labels and of unknown origin. */
    public static Batch of(Tensor input) {
        long[] none = new long[Math.toIntExact(input.size(0))];
        Arrays.fill(none, -1);
        return new Batch(
                List.of(input),
                Tensors.of(none, none.length),
                IntStream.range(0, none.length).toArray());
    }

    /** Return the same rows after a change of their inputs, which other models' inputs of these rows undergo too. */
    public Batch changed(UnaryOperator<Tensor> change) {
        return new Batch(
                inputs.stream().map(change).toList(), labels, indices, origin == null ? null : origin.and(change));
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
