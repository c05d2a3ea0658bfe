package dev.limbeck.distill.loss;

import org.bytedeco.pytorch.Tensor;

/**
 * Compute the mean squared difference of both encoders' hidden states, mean(‖W·hₛ − hₜ‖²/width) over the tokens of a text and then over
 * the texts. A trained linear map W aligns different widths. Needs N×length×width of two encoders that read the same tokens.
 *
 * <p>Jiao et al., TinyBERT: Distilling BERT for Natural Language Understanding, Findings of EMNLP 2020. The authors train a map for
 * equal widths too ({@code adapter=linear}), and their code counts padding.
 */
public record HiddenStates() implements TokenDistance {
    @Override
    public Tensor distance(Tensor student, Tensor teacher) {
        return student.sub(teacher).square().mean(2);
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
