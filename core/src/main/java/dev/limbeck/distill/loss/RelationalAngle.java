package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the angles that every three rows of a batch form: smooth L1 of their cosines, the mean over all N³ triples.
 * On vectors; of maps the mean over the positions. Any widths. The authors weigh it by 50, beside {@link
 * RelationalDistance}. Takes N×C, or maps. For embeddings, as {@link RelationalDistance}, with more to compare in a
 * batch.
 *
 * <p>Park et al., Relational Knowledge Distillation, CVPR 2019. Needs N³ numbers of memory for each network.
 */
public record RelationalAngle() implements RelationalLoss {
    private static final double SMALLEST_SQUARE = 1e-12;
    /** Rows nearer to each other than this share of the mean square are one point, from which no way leads. */
    private static final double LEAST_SHARE = 1e-6;

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Ops.smoothL1(cosines(Ops.embedding(student)), cosines(Ops.embedding(teacher)));
    }

    /**
     * Return N×N×N cosines of the angles at the first row between the ways to the second and to the third. By scalar
     * products, which is many times cheaper than the N²·C differences.
     */
    private static Tensor cosines(Tensor vectors) {
        // Angles don't change with the origin, but rounding does.
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

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "relational-angle",
                    "RKD: angles between images; the authors' scale is 50",
                    values -> new RelationalAngle());
        }
    }
}
