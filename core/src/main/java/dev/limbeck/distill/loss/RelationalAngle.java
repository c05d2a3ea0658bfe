package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the angles formed by all triples of rows: smooth L1 of their cosines, the mean over all N³ triples. Works on
 * vectors of any width; maps are averaged over positions. The authors use the weight 50, together with {@link
 * RelationalDistance}. Suited to embeddings.
 *
 * <p>Park et al., Relational Knowledge Distillation, CVPR 2019. Memory: N³ numbers per network.
 */
public record RelationalAngle() implements RelationalLoss {
    private static final double SMALLEST_SQUARE = 1e-12;
    /** Rows closer than this share of the mean square count as one point without a direction. */
    private static final double LEAST_SHARE = 1e-6;

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Ops.smoothL1(cosines(Ops.embedding(student)), cosines(Ops.embedding(teacher)));
    }

    /**
     * Return N×N×N cosines of the angles at the first row between the directions to the second and third. Computed from
     * scalar products, which is much cheaper than the N²·C differences.
     */
    private static Tensor cosines(Tensor vectors) {
        // Angles do not depend on the origin, but rounding does.
        Tensor x = vectors.sub(vectors.detach().mean(0));
        Tensor products = x.matmul(x.t());
        Tensor squares = Maps.squaredDistances(x, products);
        Tensor apart = squares.gt(Ops.mul(squares.detach().mean(), LEAST_SHARE)).mul(Ops.offDiagonal(x.size(0), x));
        Tensor inverse = apart.div(Ops.clampMin(squares, SMALLEST_SQUARE).sqrt());
        Tensor scalar = products.unsqueeze(0)
                .sub(products.unsqueeze(2))
                .sub(products.unsqueeze(1))
                .add(Ops.sum(x.square(), 1).unsqueeze(1).unsqueeze(2));
        return scalar.mul(inverse.unsqueeze(2)).mul(inverse.unsqueeze(1));
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "relational-angle",
                    "RKD: angles between rows; the authors' scale is 50",
                    values -> new RelationalAngle());
        }
    }
}
