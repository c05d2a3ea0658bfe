package dev.limbeck.distill.loss;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of both encoders' hidden states, mean(‖W·hₛ − hₜ‖²/width) over the tokens of a text and then over
 * the texts. A trained linear map W aligns different widths. Needs N×length×width of two encoders that read the same tokens.
 *
 * <p>Jiao et al., TinyBERT: Distilling BERT for Natural Language Understanding, Findings of EMNLP 2020. The authors train a map for
 * equal widths too ({@code adapter=linear}), and their code counts padding.
 */
public record HiddenStates() implements TokenLoss {
    @Override
    public Needs needs() {
        return Needs.CHANNELS;
    }

    @Override
    public List<String> parts() {
        return List.of("");
    }

    @Override
    public Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask) {
        Tensor ours = Tokens.masked(student.get(0), mask);
        Tensor theirs = Tokens.masked(teacher.get(0), mask);
        return Tokens.mean(ours.sub(theirs).square().mean(2), mask);
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "hidden-states",
                    "TinyBERT: squared difference of each token's hidden state",
                    values -> new HiddenStates());
        }
    }
}
