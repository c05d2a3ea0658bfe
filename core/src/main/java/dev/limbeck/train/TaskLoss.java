package dev.limbeck.train;

import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Compare training outputs with targets, of which a batch may have none. */
public final class TaskLoss {
    /** Least sum of weights: no known row may have one. */
    private static final double LEAST = 1e-12;

    private final TargetLoss loss;
    private final Data data;
    private @Nullable Boolean hasUnknown;

    TaskLoss(TargetLoss loss, Data data) {
        this.loss = loss;
        this.data = data;
    }

    /**
     * Return the default loss of a task: cross-entropy, binary cross-entropy of each label, or the squared error of
     * standardized targets. Each is a mean over the known targets. An embedding has no targets; its loss is 0.
     */
    public static TargetLoss of(Task task) {
        return switch (task.kind()) {
            case SINGLE_LABEL -> TaskLoss::crossEntropy;
            case MULTI_LABEL -> TaskLoss::binaryCrossEntropy;
            case REGRESSION -> TaskLoss::squaredError;
            case EMBEDDING -> (outputs, targets, weights) -> Ops.mul(outputs.sum(), 0);
        };
    }

    /** Compute the cross-entropy of class indices, without label smoothing and class weights. */
    public static Tensor crossEntropy(Tensor logits, Tensor labels, @Nullable Tensor weights) {
        return crossEntropy(logits, labels, 0, null, weights);
    }

    /**
     * Compute the cross-entropy of class indices, Σ vᵢ·wᵢ·lossᵢ / Σ vᵢ·wᵢ over the labeled rows.
     *
     * @param logits rows×classes
     * @param labels class indices, −1 where unknown
     * @param smoothing share of each label that is spread evenly over all classes, in [0, 1)
     * @param classWeights wᵢ, one factor per class in the logits' type; null for equal ones
     * @param weights vᵢ, one factor per row; null for equal ones
     */
    public static Tensor crossEntropy(
            Tensor logits, Tensor labels, double smoothing, @Nullable Tensor classWeights, @Nullable Tensor weights) {
        if (weights == null) return Ops.crossEntropy(logits, labels, smoothing, classWeights);
        Tensor known = Ops.ge(labels, 0);
        Tensor counted = weights.mul(known);
        if (classWeights != null) counted = counted.mul(Ops.indexSelect(classWeights, 0, labels.mul(known)));
        Tensor each = Ops.crossEntropyRows(logits, labels, smoothing, classWeights);
        return each.mul(weights).sum().div(Ops.clampMin(counted.sum(), LEAST));
    }

    /**
     * Return the cross-entropy with a weight for each class.
     *
     * @param smoothing share of each label that is spread evenly over all classes, in [0, 1)
     * @param classWeights one factor per class, at least 0
     * @see #crossEntropy(Tensor, Tensor, double, Tensor, Tensor)
     */
    public static TargetLoss weightedCrossEntropy(double smoothing, float... classWeights) {
        float[] factors = classWeights.clone();
        return new TargetLoss() {
            @Override
            public Tensor of(Tensor logits, Tensor labels, @Nullable Tensor weights) {
                Tensor typed = Tensors.to(Tensors.of(factors, factors.length), DType.of(logits));
                return crossEntropy(logits, labels, smoothing, Tensors.to(typed, logits.device()), weights);
            }

            @Override
            public double totalWeight(Tensor labels, long known) {
                double sum = 0;
                for (long label : Tensors.toLongs(labels)) {
                    if (label >= 0) sum += factors[Math.toIntExact(label)];
                }
                return sum;
            }
        };
    }

    /**
     * Compute −y·log σ(z) − (1 − y)·log σ(−z), the mean over the known labels.
     *
     * @param logits rows×labels
     * @param targets 0 to 1, NaN where unknown
     * @param weights one factor per row; null for equal ones
     */
    public static Tensor binaryCrossEntropy(Tensor logits, Tensor targets, @Nullable Tensor weights) {
        Tensor known = isKnown(targets);
        Tensor present = Ops.zeroUnknown(targets);
        // log σ(−z) = log σ(z) − z
        Tensor each = logits.sub(logits.mul(present)).sub(Ops.logSigmoid(logits));
        return mean(each, known, weights);
    }

    /**
     * Compute (z − y)², the mean over the known targets.
     *
     * @param outputs rows×targets, standardized
     * @param targets standardized, NaN where unknown
     * @param weights one factor per row; null for equal ones
     */
    public static Tensor squaredError(Tensor outputs, Tensor targets, @Nullable Tensor weights) {
        return mean(outputs.sub(Ops.zeroUnknown(targets)).square(), isKnown(targets), weights);
    }

    private static Tensor isKnown(Tensor targets) {
        return targets.eq(targets);
    }

    private static Tensor mean(Tensor each, Tensor known, @Nullable Tensor weights) {
        Tensor counted = Tensors.to(known, DType.of(each));
        if (weights == null) return each.mul(counted).sum().div(counted.sum());
        Tensor all = counted.mul(weights.unsqueeze(1));
        return each.mul(all).sum().div(Ops.clampMin(all.sum(), LEAST));
    }

    TargetLoss loss() {
        return loss;
    }

    /** Return the loss, or 0 for a batch without targets, where the mean would be undefined. */
    Tensor of(Tensor outputs, Tensor targets, @Nullable Tensor weights) {
        if (hasUnknown == null) {
            Targets all = data.targets(Split.TRAIN);
            hasUnknown = all.known() < all.size();
        }
        if (hasUnknown && Targets.areUnknown(targets)) return Ops.mul(outputs.sum(), 0);
        return loss.of(outputs, targets, weights);
    }
}
