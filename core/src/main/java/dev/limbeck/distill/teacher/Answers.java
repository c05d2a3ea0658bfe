package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.Knowledge;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;

/** Check what a teacher that is not ours answers, and make logits of it. */
final class Answers {
    /** The least probability: its logarithm is finite, and at no usual temperature does a class come out likelier for it. */
    private static final double LEAST = 1e-12;

    private static final double ROUNDING = 1e-3;

    private Answers() {}

    /**
     * Make logits.
     *
     * @param answer rows×classes
     * @param classes how many are expected; 0 for any number
     * @param kind what the answer holds; of {@link Knowledge#TOP_CLASSES}, 0 where nothing is known
     * @throws LimbeckException if it is of another shape, not finite, or no probabilities where these are expected
     */
    static Tensor logits(Tensor answer, String name, long rows, int classes, Knowledge kind) {
        if (answer.dim() != 2 || answer.size(0) != rows || (classes != 0 && answer.size(1) != classes)) {
            throw new LimbeckException("teacher " + name + " must give " + rows + "×"
                    + (classes == 0 ? "classes" : classes) + " numbers, found "
                    + Tensors.shapeText(answer.shape())
                    + (answer.dim() == 2 && answer.size(0) == rows ? "; choose a teacher of the data's classes" : ""));
        }
        float[] values = Tensors.toFloats(answer);
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new LimbeckException("teacher " + name + " gave " + value + "; look at what it computes");
            }
        }
        if (kind == Knowledge.LOGITS) return answer;
        int width = Math.toIntExact(answer.size(1));
        if (!areProbabilities(values, width, kind == Knowledge.TOP_CLASSES)) {
            throw new LimbeckException("teacher " + name + " must give probabilities, rows of numbers from 0 to 1 with "
                    + (kind == Knowledge.TOP_CLASSES ? "a sum of at most 1" : "the sum 1")
                    + ", found others; say that it gives logits");
        }
        if (kind == Knowledge.TOP_CLASSES) spread(values, width);
        try (Scope scope = Scope.open()) {
            Tensor whole = kind == Knowledge.TOP_CLASSES ? Tensors.of(values, rows, width) : answer;
            return scope.handOut(Ops.atLeast(whole, LEAST).log());
        }
    }

    /** Return whether every row looks like probabilities. */
    static boolean areProbabilities(float[] values, int classes, boolean ofTopClasses) {
        for (int at = 0; at < values.length; at += classes) {
            double sum = 0;
            for (int c = at; c < at + classes; c++) {
                if (!(values[c] >= -ROUNDING && values[c] <= 1 + ROUNDING)) return false;
                sum += values[c];
            }
            if (sum > 1 + ROUNDING || (!ofTopClasses && sum < 1 - ROUNDING)) return false;
        }
        return true;
    }

    private static void spread(float[] values, int classes) {
        for (int at = 0; at < values.length; at += classes) {
            double rest = 1;
            int unknown = 0;
            for (int c = at; c < at + classes; c++) {
                rest -= values[c];
                if (values[c] <= 0) unknown++;
            }
            if (unknown == 0) continue;
            float each = (float) (Math.max(0, rest) / unknown);
            for (int c = at; c < at + classes; c++) {
                if (values[c] <= 0) values[c] = each;
            }
        }
    }
}
