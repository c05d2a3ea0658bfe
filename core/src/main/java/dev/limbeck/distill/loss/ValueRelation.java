package dev.limbeck.distill.loss;

import java.util.List;

/**
 * Compute KL(Rₜ ‖ Rₛ) of the relations R = softmax(V·Vᵀ/√d) between the values of a text's tokens: the mean over heads, the tokens of a
 * text, and the texts. Needs N×length×width of two encoders that read the same tokens; heads and widths may differ. Queries or keys in
 * place of values give MiniLMv2's other relations.
 *
 * <p>Wang et al., MiniLM: Deep Self-Attention Distillation, NeurIPS 2020, for the last layer; Wang et al., MiniLMv2, Findings of ACL 2021,
 * for relation heads.
 *
 * @param heads relation heads, among which the width is divided; they divide the widths of both networks; 8 is the default
 */
public record ValueRelation(int heads) implements TokenRelations {
    public ValueRelation {
        Tokens.HEADS.check(heads);
    }

    /** Use 8 relation heads. */
    public ValueRelation() {
        this(Tokens.HEADS.defaultValue());
    }

    @Override
    public List<String> parts() {
        return List.of("attention.self.value");
    }

    /** Register the loss. */
    public static final class Type extends FeatureLossType {
        public Type() {
            super(
                    "value-relation",
                    "MiniLM: relations between the values of tokens",
                    values -> new ValueRelation(values.get(Tokens.HEADS)),
                    Tokens.HEADS);
        }
    }
}
