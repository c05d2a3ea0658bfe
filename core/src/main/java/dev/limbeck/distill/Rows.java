package dev.limbeck.distill;

import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;

/** Pick some rows of a batch out of whatever has rows. */
final class Rows {
    private final int[] chosen;
    private final Tensor index;

    Rows(int[] chosen, Device device) {
        this.chosen = chosen;
        index = Tensors.to(Tensors.of(Arrays.stream(chosen).asLongStream().toArray(), chosen.length), device);
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
