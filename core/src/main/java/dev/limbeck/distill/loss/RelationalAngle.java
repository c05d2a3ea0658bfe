package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compare the angles that every three rows of a batch form: smooth L1 of their cosines, the mean over all N³ triples.
 * On vectors; of maps the mean over the positions. Any widths. The authors weigh it by 50, beside {@link
 * RelationalDistance}. Takes N×C, or maps. For embeddings, as {@link RelationalDistance}, with more to compare in a
 * batch.
 *
 * <p>Park et al., Relational Knowledge Distillation, CVPR 2019. Needs N²·C numbers of memory for each network.
 */
public record RelationalAngle() implements DirectFeatureLoss {
    @Override
    public Needs needs() {
        return Needs.NOTHING;
    }

    @Override
    public boolean relational() {
        return true;
    }

    @Override
    public Tensor rows(Tensor student, Tensor teacher) {
        return Ops.smoothL1(cosines(Ops.embedding(student)), cosines(Ops.embedding(teacher)));
    }

    private static Tensor cosines(Tensor vectors) {
        Tensor ways = Ops.normalize(vectors.unsqueeze(0).sub(vectors.unsqueeze(1)), 2);
        return ways.bmm(ways.transpose(1, 2));
    }
}
