package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute 1 − cos(hₛ, hₜ) of both encoders' hidden states: the mean over the tokens of a text and then over the texts. A trained linear
 * map aligns different widths. Needs N×length×width of two encoders that read the same tokens. It compares directions alone.
 *
 * <p>Sanh et al., DistilBERT, a distilled version of BERT, 2019. The authors take the mean over all tokens of a batch.
 */
public record HiddenCosine() implements TokenLoss {
    @Override
    public Needs needs() {
        return Needs.CHANNELS;
    }

    @Override
    public List<String> parts() {
        return List.of("");
    }

    @Override
    public boolean lastLayerOnly() {
        return true;
    }

    @Override
    public Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask) {
        Tensor ours = Ops.normalize(Tokens.masked(student.get(0), mask), 2);
        Tensor theirs = Ops.normalize(Tokens.masked(teacher.get(0), mask), 2);
        return Tokens.mean(Ops.add(Ops.sum(ours.mul(theirs), 2).neg(), 1), mask);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super("hidden-cosine", "DistilBERT: directions of each token's hidden state", values -> new HiddenCosine());
        }
    }
}
