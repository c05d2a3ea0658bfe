package dev.limbeck.data;

import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold a batch of rows. Its tensors live in the scope that was open when the loader returned it.
 *
 * @param inputs one or several tensors whose first dimension is the row
 * @param targets int64 class indices of shape N, −1 for a row without a label; or float32 numbers of shape N×columns, NaN
 *     where unknown, see {@link Targets}
 * @param indices the rows' positions in their split, on the host
 * @param origin where the inputs come from; null if that is not known, as after a change by a user's callback
 * @param otherTargets targets of the rows that these are mixed with, see {@link Provenance#mixing}; null if they are not mixed
 */
public record Batch(
        Inputs inputs,
        Tensor targets,
        int[] indices,
        @Nullable Provenance origin,
        @Nullable Tensor otherTargets) {
    /** Hold rows that are not mixed. */
    public Batch(Inputs inputs, Tensor targets, int[] indices, @Nullable Provenance origin) {
        this(inputs, targets, indices, origin, null);
    }

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

    /** Return the same batch on a device. */
    public Batch to(Device device) {
        return map(tensor -> Tensors.to(tensor, device));
    }

    /** Return the same rows with changed tensors. */
    public Batch map(UnaryOperator<Tensor> change) {
        return new Batch(
                inputs.map(change),
                change.apply(targets),
                indices,
                origin,
                otherTargets == null ? null : change.apply(otherTargets));
    }

    /**
     * Return the single input tensor.
     *
     * @throws dev.limbeck.LimbeckException if there are several
     */
    public Tensor input() {
        return inputs.only();
    }

    /**
     * Return the class indices, int64 of shape N; −1 for rows without a label, and for all rows if the targets are numbers. A mixed row has
     * the label of its larger share.
     */
    public Tensor labels() {
        if (targets.is_floating_point()) return Tensors.to(unknown(size()), targets.device());
        Mixing mixing = origin == null ? null : origin.mixing();
        if (otherTargets == null || mixing == null) return targets;
        long[] own = Arrays.stream(mixing.shares())
                .mapToLong(share -> share >= 0.5 ? 1 : 0)
                .toArray();
        Tensor kept = Tensors.to(Tensors.of(own, own.length), targets.device());
        return otherTargets.add(targets.sub(otherTargets).mul(kept));
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
