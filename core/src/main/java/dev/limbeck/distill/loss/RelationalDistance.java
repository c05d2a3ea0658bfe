package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the distances between the rows of a batch, divided by their mean: smooth L1, the mean over all N×N pairs. On
 * vectors; of maps the mean over the positions. Any widths. The authors weigh it by 25, beside {@link RelationalAngle}.
 * Takes N×C, or maps. For embeddings whose distances matter, as in retrieval, and beside a loss on logits.
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
        // The diagonal does not count in the mean, and no distance off it is 0.
        return distances.div(Ops.div(distances.sum(), rows * (rows - 1.0)));
    }

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "relational-distance",
                    "RKD: distances between images; the authors' scale is 25",
                    values -> new RelationalDistance());
        }
    }
}
