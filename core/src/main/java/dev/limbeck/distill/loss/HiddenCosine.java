package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute 1 − cos(hₛ, hₜ) of both encoders' hidden states: the mean over the tokens of a text and then over the texts. A trained linear
 * map aligns different widths. Needs N×length×width of two encoders that read the same tokens. It compares directions alone.
 *
 * <p>Sanh et al., DistilBERT, a distilled version of BERT, 2019. The authors take the mean over all tokens of a batch.
 */
public record HiddenCosine() implements TokenDistance {
    @Override
    public boolean lastLayerOnly() {
        return true;
    }

    @Override
    public Tensor distance(Tensor student, Tensor teacher) {
        Tensor cosine = Ops.sum(Ops.normalize(student, 2).mul(Ops.normalize(teacher, 2)), 2);
        return Ops.add(cosine.neg(), 1);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("hidden-cosine", "DistilBERT: directions of each token's hidden state", values -> new HiddenCosine());
        }
    }
}
