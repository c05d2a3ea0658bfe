package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare how likely rows are neighbors: the mean over the N×N pairs of pₜ·log(pₜ/pₛ), where p is (cosine + 1)/2 with
 * each row's sum brought to 1. On vectors; of maps the mean over the positions. Any widths. Takes N×C, or maps. For
 * embeddings that are searched, and where layers themselves can't be compared.
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

    /** Offer the loss by name. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("probabilistic", "PKT: how likely images are neighbors", values -> new ProbabilisticTransfer());
        }
    }
}
