package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Select rows of a batch. */
final class SelectedSamples {
    private final int[] chosen;
    private final Tensor index;

    SelectedSamples(int[] chosen, Device device) {
        this.chosen = chosen;
        index = Tensors.to(Tensors.of(Arrays.stream(chosen).asLongStream().toArray(), chosen.length), device);
    }

    /** Return whether a loss needs more rows. Relational losses need at least two. */
    static boolean tooFew(int rows, boolean relational) {
        return rows < (relational ? 2 : 1);
    }

    static LimbeckException needsTwo(String loss) {
        return new LimbeckException(
                loss + " compares rows with each other, found batches of 1; use batches of 2 or more");
    }

    int count() {
        return chosen.length;
    }

    Tensor of(Tensor tensor) {
        return Ops.indexSelect(tensor, 0, index);
    }

    int[] of(int[] values) {
        return Arrays.stream(chosen).map(row -> values[row]).toArray();
    }
}
