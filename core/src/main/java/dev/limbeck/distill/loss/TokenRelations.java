package dev.limbeck.distill.loss;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compare softmax(X·Yᵀ/√d) between the tokens of a text, where X and Y are layers divided among relation heads; they may be the same layer. */
interface TokenRelations extends TokenLoss {
    /** Return the number of relation heads. */
    int heads();

    @Override
    default Needs needs() {
        return Needs.NOTHING;
    }

    @Override
    default boolean lastLayerOnly() {
        return true;
    }

    @Override
    default Bound bind(Shapes shapes) {
        Tokens.checkHeads(name(), heads(), shapes);
        return TokenLoss.super.bind(shapes);
    }

    @Override
    default Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask) {
        return Tokens.divergence(student, teacher, mask, heads());
    }
}
