package dev.limbeck.train;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare training outputs with targets; see {@link TaskLoss#of} for the usual ones. */
@FunctionalInterface
public interface TargetLoss {
    /**
     * Compute the mean over the known targets, a scalar.
     *
     * @param outputs rows×outputs
     * @param targets class indices of shape rows, −1 where unknown; or rows×outputs numbers, NaN where unknown
     * @param weights float32 weights of the rows, at least 0, for a weighted mean: those of mixed rows; null for equal ones
     */
    Tensor of(Tensor outputs, Tensor targets, @Nullable Tensor weights);

    /**
     * Return the sum of the weights in the mean of {@link #of}, by which validation adds up the means of batches. The default is the
     * number of known targets; override it if targets have weights, such as those of classes.
     *
     * @param known number of known targets, at least 1
     */
    default double totalWeight(Tensor targets, long known) {
        return known;
    }
}
