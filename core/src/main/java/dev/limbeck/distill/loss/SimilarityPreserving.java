package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare which rows of a batch look alike to both networks: ‖Ĝₛ − Ĝₜ‖²/N² with G = X·Xᵀ of the flattened features and
 * each of its rows brought to length 1 (L2). Any shapes. Where layers themselves can't be compared, as between
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

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("similarity", "SP: which images of a batch look alike", values -> new SimilarityPreserving());
        }
    }
}
