package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare similarities between rows: ‖Ĝₛ − Ĝₜ‖²/N² with G = X·Xᵀ of the flattened features, where each row of G is
 * normalized to L2 length 1. Any shapes. Suited to networks with incomparable layers, such as those of different
 * families.
 *
 * <p>Tung and Mori, Similarity-Preserving Knowledge Distillation, ICCV 2019.
 */
public record SimilarityPreserving() implements RelationalLoss {
    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return similarity(student).sub(similarity(teacher)).square().mean();
    }

    private static Tensor similarity(Tensor features) {
        Tensor flat = features.flatten(1, -1);
        return Ops.normalize(flat.matmul(flat.t()), 1);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("similarity", "SP: similarities between rows of a batch", values -> new SimilarityPreserving());
        }
    }
}
