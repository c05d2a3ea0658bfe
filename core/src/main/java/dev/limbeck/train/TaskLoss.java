package dev.limbeck.train;

import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.function.BinaryOperator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare training outputs with targets, of which a batch may have none. */
final class TaskLoss {
    private final BinaryOperator<Tensor> loss;
    private final Data data;
    private @Nullable Boolean hasUnlabeled;

    TaskLoss(BinaryOperator<Tensor> loss, Data data) {
        this.loss = loss;
        this.data = data;
    }

    BinaryOperator<Tensor> loss() {
        return loss;
    }

    /** Return the loss, or 0 for a batch without labels, where the mean would be undefined. */
    Tensor of(Tensor outputs, Tensor targets) {
        if (hasUnlabeled == null) {
            hasUnlabeled = IntStream.of(data.labels(Split.TRAIN)).anyMatch(label -> label < 0);
        }
        if (hasUnlabeled && LongStream.of(Tensors.toLongs(targets)).allMatch(label -> label < 0)) {
            return Ops.mul(outputs.sum(), 0);
        }
        return loss.apply(outputs, targets);
    }
}
