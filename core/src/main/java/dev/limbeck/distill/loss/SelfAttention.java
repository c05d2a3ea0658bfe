package dev.limbeck.distill.loss;

import java.util.List;

/**
 * Compute KL(Aₜ ‖ Aₛ) of the attention distributions A = softmax(Q·Kᵀ/√d): the mean over heads, the tokens of a text, and the texts. Needs
 * two layers of each network, the queries and the keys, each N×length×width. With the encoders' own number of heads these are their
 * attention weights; any other number divides queries and keys anew, so encoders of different heads and widths can be compared.
 *
 * <p>Wang et al., MiniLM: Deep Self-Attention Distillation, NeurIPS 2020, for the last layer; Wang et al., MiniLMv2, Findings of ACL 2021,
 * for relation heads.
 *
 * @param heads relation heads; they divide the widths of both networks; 8 is the default
 */
public record SelfAttention(int heads) implements TokenRelations {
    public SelfAttention {
        Tokens.HEADS.check(heads);
    }

    /** Use 8 relation heads. */
    public SelfAttention() {
        this(Tokens.HEADS.defaultValue());
    }

    @Override
    public List<String> parts() {
        return List.of("attention.self.query", "attention.self.key");
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "self-attention",
                    "MiniLM: attention between tokens, from queries and keys",
                    values -> new SelfAttention(values.get(Tokens.HEADS)),
                    Tokens.HEADS);
        }
    }
}
