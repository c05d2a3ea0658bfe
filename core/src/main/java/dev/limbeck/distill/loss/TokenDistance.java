package dev.limbeck.distill.loss;

import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Compare the hidden states of both encoders token by token: the mean over the tokens of a text. Widths must be equal, or an adapter makes them so. */
interface TokenDistance extends TokenLoss {
    /**
     * Compare each token.
     *
     * @param student N×length×width, 0 for padding
     * @param teacher the same shape, without autograd
     * @return N×length
     */
    Tensor distance(Tensor student, Tensor teacher);

    @Override
    default Needs needs() {
        return Needs.CHANNELS;
    }

    @Override
    default List<String> parts() {
        return List.of("");
    }

    @Override
    default Tensor rows(List<Tensor> student, List<Tensor> teacher, Tensor mask) {
        return Tokens.mean(distance(Tokens.masked(student.get(0), mask), Tokens.masked(teacher.get(0), mask)), mask);
    }
}
