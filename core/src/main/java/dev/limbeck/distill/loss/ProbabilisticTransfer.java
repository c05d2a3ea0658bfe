package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare probabilities that rows are neighbors: the mean over the N×N pairs of pₜ·log(pₜ/pₛ), where p is (cosine +
 * 1)/2, normalized to the sum 1 per row. Works on vectors of any width; maps are averaged over positions. Suited to
 * embeddings for retrieval, and to networks with incomparable layers.
 *
 * <p>Passalis and Tefas, Learning Deep Representations with Probabilistic Knowledge Transfer, ECCV 2018.
 */
public record ProbabilisticTransfer() implements RelationalLoss {
    private static final double EPSILON = 1e-7;

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        Tensor ours = neighbors(Ops.embedding(student));
        Tensor theirs = neighbors(Ops.embedding(teacher));
        return theirs.mul(Ops.add(theirs, EPSILON).div(Ops.add(ours, EPSILON)).log())
                .mean();
    }

    private static Tensor neighbors(Tensor vectors) {
        Tensor unit = vectors.div(Ops.add(Ops.norm(vectors, 1), EPSILON).unsqueeze(1));
        Tensor near = Ops.div(Ops.add(unit.matmul(unit.t()), 1), 2);
        return near.div(Ops.sum(near, 1).unsqueeze(1));
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("probabilistic", "PKT: probabilities that rows are neighbors", values -> new ProbabilisticTransfer());
        }
    }
}
