package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.FeatureLoss.Shapes;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compute means over the tokens of texts, and relations among them. */
final class Tokens {
    static final LossSetting<Integer> HEADS = LossSetting.whole(
                    "heads", 8, "relation heads, which divide the widths of both networks")
            .atLeast(1);

    /** No product of vectors reaches it, and its exponential is 0. */
    private static final double MINUS_INFINITY = -1e9;

    private Tokens() {}

    /** Return N×length×width with 0 for padding, which then gets no gradient whatever its values. */
    static Tensor masked(Tensor tokens, Tensor mask) {
        return Ops.where(mask.unsqueeze(2), tokens, 0);
    }

    /** Return the mean of each text's values, N from N×length; 0 for a text without tokens. */
    static Tensor mean(Tensor values, Tensor mask) {
        Tensor seen = Tensors.to(mask, DType.of(values));
        return Ops.sum(values.mul(seen), 1).div(Ops.clampMin(Ops.sum(seen, 1), 1));
    }

    /**
     * Return KL(teacher ‖ student) of softmax(X·Yᵀ/√d) over the tokens of a text, d = width/heads: the mean over heads and tokens.
     *
     * @param student X and Y, which may be the same
     */
    static Tensor divergence(List<Tensor> student, List<Tensor> teacher, Tensor mask, int heads) {
        Tensor ours = Ops.logSoftmax(scores(student, mask, heads), 3);
        Tensor theirs = Ops.softmax(scores(teacher, mask, heads), 3);
        return mean(Ops.sum(Ops.kl(ours, theirs), 3).mean(1), mask);
    }

    /** Return N×heads×length×length, as good as minus infinity for keys that are padding. */
    private static Tensor scores(List<Tensor> both, Tensor mask, int heads) {
        Tensor x = split(both.get(0), mask, heads);
        Tensor y = both.size() == 1 ? x : split(both.get(1), mask, heads);
        Tensor products = Ops.div(x.matmul(y.transpose(2, 3)), Math.sqrt(x.size(3)));
        return Ops.where(mask.unsqueeze(1).unsqueeze(1), products, MINUS_INFINITY);
    }

    private static Tensor split(Tensor tokens, Tensor mask, int heads) {
        return masked(tokens, mask)
                .reshape(tokens.size(0), tokens.size(1), heads, tokens.size(2) / heads)
                .transpose(1, 2);
    }

    /**
     * Check that heads divide all widths.
     *
     * @throws LimbeckException if not
     */
    static void checkHeads(String loss, int heads, Shapes shapes) {
        for (List<long[]> network : List.of(shapes.student(), shapes.teacher())) {
            for (long[] shape : network) {
                if (shape[0] % heads == 0) continue;
                throw new LimbeckException(loss + " needs heads that divide the widths of both networks, found " + heads
                        + " heads and widths " + shapes.student().get(0)[0] + " and "
                        + shapes.teacher().get(0)[0] + "; set heads");
            }
        }
    }
}
