package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the distances between all rows, divided by their mean: smooth L1, the mean over all N×N pairs. Works on
 * vectors of any width; maps are averaged over positions. The authors use the weight 25, together with {@link
 * RelationalAngle}. Suited to embeddings, for example for retrieval. Use it with a logit loss.
 *
 * <p>Park et al., Relational Knowledge Distillation, CVPR 2019.
 */
public record RelationalDistance() implements RelationalLoss {
    private static final double SMALLEST_SQUARE = 1e-12;

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Ops.smoothL1(distances(Ops.embedding(student)), distances(Ops.embedding(teacher)));
    }

    private static Tensor distances(Tensor vectors) {
        long rows = vectors.size(0);
        Tensor between = Maps.squaredDistances(vectors, vectors.matmul(vectors.t()));
        Tensor distances = Ops.clampMin(between, SMALLEST_SQUARE).sqrt().mul(Ops.offDiagonal(rows, vectors));
        // The diagonal is not part of the mean, and no other distance is 0.
        return distances.div(Ops.div(distances.sum(), rows * (rows - 1.0)));
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "relational-distance",
                    "RKD: distances between rows; the authors' scale is 25",
                    values -> new RelationalDistance());
        }
    }
}
