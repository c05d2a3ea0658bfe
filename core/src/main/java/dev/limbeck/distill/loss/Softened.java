package dev.limbeck.distill.loss;

import dev.limbeck.tensor.Ops;
import org.bytedeco.pytorch.Tensor;

/** Soften logits with a temperature: probabilities, KL divergence and cross-entropy, row by row. */
final class Softened {
    private Softened() {}

    static Tensor probabilities(Tensor logits, double temperature) {
        return Ops.softmax(Ops.div(logits, temperature), 1);
    }

    static Tensor logProbabilities(Tensor logits, double temperature) {
        return Ops.logSoftmax(Ops.div(logits, temperature), 1);
    }

    /** Return −Σ softmax(zₜ/T)·log softmax(zₛ/T) per row. */
    static Tensor crossEntropy(Tensor student, Tensor teacher, double temperature) {
        return Ops.sum(probabilities(teacher, temperature).mul(logProbabilities(student, temperature)), 1)
                .neg();
    }

    /** Return KL(softmax(zₜ/T) ‖ softmax(zₛ/T)) per row. */
    static Tensor divergence(Tensor student, Tensor teacher, double temperature) {
        return Ops.sum(Ops.kl(logProbabilities(student, temperature), probabilities(teacher, temperature)), 1);
    }

    /** Select one column of each row: N from N×C. */
    static Tensor pick(Tensor rows, Tensor labels) {
        return rows.gather(1, labels.unsqueeze(1)).squeeze(1);
    }

    /** Remove one column of each row: N×(C−1) from N×C. */
    static Tensor others(Tensor rows, Tensor labels) {
        return rows.gather(1, Ops.allBut(labels, rows.size(1)));
    }
}
