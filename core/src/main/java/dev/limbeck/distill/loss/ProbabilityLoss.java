package dev.limbeck.distill.loss;

/** Compare logits by what softmax sees of them, so that a teacher's probabilities will do. */
public interface ProbabilityLoss extends LogitLoss {
    @Override
    default OutputKind needs() {
        return OutputKind.PROBABILITIES;
    }
}
