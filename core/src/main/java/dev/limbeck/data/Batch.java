package dev.limbeck.data;

import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold a batch of rows. Its tensors live in the scope that was open when the loader returned it.
 *
 * @param inputs one or more tensors whose first dimension is the batch
 * @param labels int64 class indices of shape N; −1 for a row without a label
 * @param indices positions of the rows in their split, on the host
 * @param origin provenance of the inputs; null if unknown
 */
public record Batch(
        List<Tensor> inputs,
        Tensor labels,
        int[] indices,
        @Nullable Provenance origin) {
    public Batch {
        inputs = List.copyOf(inputs);
    }

    /** Create a batch of unknown origin. */
    public Batch(List<Tensor> inputs, Tensor labels, int[] indices) {
        this(inputs, labels, indices, null);
    }

    /** Create a batch without labels and of unknown origin. */
    public static Batch of(Tensor input) {
        long[] none = new long[Math.toIntExact(input.size(0))];
        Arrays.fill(none, -1);
        return new Batch(
                List.of(input),
                Tensors.of(none, none.length),
                IntStream.range(0, none.length).toArray());
    }

    /** Return a batch with changed inputs. Alternate views of the rows get the same change. */
    public Batch changed(UnaryOperator<Tensor> change) {
        return new Batch(
                inputs.stream().map(change).toList(), labels, indices, origin == null ? null : origin.and(change));
    }

    /**
     * Return the single input tensor.
     *
     * @throws IllegalStateException if there are several
     */
    public Tensor input() {
        if (inputs.size() != 1) {
            throw new IllegalStateException("the batch has " + inputs.size() + " inputs; use inputs()");
        }
        return inputs.get(0);
    }

    /** Return the batch size. */
    public int size() {
        return indices.length;
    }
}
