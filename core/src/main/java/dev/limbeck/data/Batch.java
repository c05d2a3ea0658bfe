package dev.limbeck.data;

import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold a batch of rows. Its tensors live in the scope that was open when the loader returned it.
 *
 * @param inputs one or several tensors whose first dimension is the row
 * @param targets int64 class indices of shape N, −1 for a row without a label; or float32 numbers of shape N×columns, NaN
 *     where unknown, see {@link Targets}
 * @param indices the rows' positions in their split, on the host
 * @param origin where the inputs come from; null if that is not known
 */
public record Batch(
        Inputs inputs,
        Tensor targets,
        int[] indices,
        @Nullable Provenance origin) {
    /** Hold rows of unknown origin. */
    public Batch(Inputs inputs, Tensor targets, int[] indices) {
        this(inputs, targets, indices, null);
    }

    /** Hold the only input, without targets and of unknown origin. */
    public static Batch of(Tensor input) {
        return of(Inputs.of(input));
    }

    /** Hold inputs without targets and of unknown origin. */
    public static Batch of(Inputs inputs) {
        int rows = inputs.rows();
        return new Batch(inputs, unknown(rows), IntStream.range(0, rows).toArray());
    }

    /** Return a batch with changed inputs. Alternate views of the rows get the same change. */
    public Batch changed(UnaryOperator<Tensor> change) {
        return new Batch(inputs.map(change), targets, indices, origin == null ? null : origin.and(change));
    }

    /**
     * Return the single input tensor.
     *
     * @throws dev.limbeck.LimbeckException if there are several
     */
    public Tensor input() {
        return inputs.only();
    }

    /** Return the class indices, int64 of shape N; −1 for rows without a label, and for all rows if the targets are numbers. */
    public Tensor labels() {
        return targets.is_floating_point() ? Tensors.to(unknown(size()), targets.device()) : targets;
    }

    private static Tensor unknown(int rows) {
        long[] none = new long[rows];
        Arrays.fill(none, -1);
        return Tensors.of(none, rows);
    }

    /** Return the batch size. */
    public int size() {
        return indices.length;
    }
}
