package dev.limbeck.train;

import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.function.BinaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare training outputs with targets, of which a batch may have none. */
public final class TaskLoss {
    private final BinaryOperator<Tensor> loss;
    private final Data data;
    private @Nullable Boolean hasUnknown;

    TaskLoss(BinaryOperator<Tensor> loss, Data data) {
        this.loss = loss;
        this.data = data;
    }

    /**
     * Return the default loss of a task: cross-entropy, binary cross-entropy of each label, or the squared error of
     * standardized targets. Each is a mean over the known targets.
     */
    public static BinaryOperator<Tensor> of(Task task) {
        return switch (task.kind()) {
            case SINGLE_LABEL -> Ops::crossEntropy;
            case MULTI_LABEL -> TaskLoss::binaryCrossEntropy;
            case REGRESSION -> TaskLoss::squaredError;
        };
    }

    /**
     * Compute −y·log σ(z) − (1 − y)·log σ(−z), the mean over the known labels.
     *
     * @param logits rows×labels
     * @param targets 0 to 1, NaN where unknown
     */
    public static Tensor binaryCrossEntropy(Tensor logits, Tensor targets) {
        Tensor known = isKnown(targets);
        Tensor present = Ops.zeroUnknown(targets);
        // log σ(−z) = log σ(z) − z
        Tensor each = logits.sub(logits.mul(present)).sub(Ops.logSigmoid(logits));
        return mean(each, known);
    }

    /**
     * Compute (z − y)², the mean over the known targets.
     *
     * @param outputs rows×targets, standardized
     * @param targets standardized, NaN where unknown
     */
    public static Tensor squaredError(Tensor outputs, Tensor targets) {
        return mean(outputs.sub(Ops.zeroUnknown(targets)).square(), isKnown(targets));
    }

    private static Tensor isKnown(Tensor targets) {
        return targets.eq(targets);
    }

    private static Tensor mean(Tensor each, Tensor known) {
        Tensor weights = Tensors.to(known, DType.of(each));
        return each.mul(weights).sum().div(weights.sum());
    }

    BinaryOperator<Tensor> loss() {
        return loss;
    }

    /** Return the loss, or 0 for a batch without targets, where the mean would be undefined. */
    Tensor of(Tensor outputs, Tensor targets) {
        if (hasUnknown == null) {
            Targets all = data.targets(Split.TRAIN);
            hasUnknown = all.known() < all.size();
        }
        if (hasUnknown && Targets.areUnknown(targets)) return Ops.mul(outputs.sum(), 0);
        return loss.apply(outputs, targets);
    }
}
