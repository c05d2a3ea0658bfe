package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.TrainStep;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold the rows of a batch used for distillation, with teacher outputs and weights.
 *
 * @param rows selected rows; null for all
 * @param outputs the teacher's logits for all rows
 * @param weights weights of the selected rows; null for equal weights
 */
record SampleSelection(
        @Nullable SelectedSamples rows,
        Tensor outputs,
        @Nullable Tensor weights) {
    static SampleSelection of(SelectionRule rule, TrainStep step, Tensor logits) {
        Tensor labels = step.batch().labels();
        Function<TrainStep, Tensor> weigh = rule.weights();
        Tensor weights = weigh == null ? null : checked(weigh.apply(step), labels);
        boolean drops = rule.teacherErrors() == TeacherErrorPolicy.DROP;
        Tensor outputs = rule.teacherErrors() == TeacherErrorPolicy.SWAP ? swapped(logits, labels) : logits;
        if (rule.confidenceThreshold() == 0 && !drops && weights == null)
            return new SampleSelection(null, outputs, null);
        if (labels.dim() != 1) {
            throw new LimbeckException(
                    "rows can only be selected and weighted if labels have one dimension, found labels of "
                            + Tensors.shapeText(labels.shape())
                            + "; leave out confidenceThreshold, sampleWeights and the dropping of teacher errors");
        }
        int count = Math.toIntExact(labels.size(0));
        long[] known = Tensors.toLongs(labels);
        long[] first = Tensors.toLongs(Ops.argmax(logits, 1));
        float[] confidence = rule.confidenceThreshold() == 0
                ? new float[count]
                : Tensors.toFloats(Ops.amax(Ops.softmax(logits, 1), 1));
        float[] shares = weights == null ? null : Tensors.toFloats(weights);
        int[] chosen = IntStream.range(0, count)
                .filter(row -> known[row] < 0
                        ? confidence[row] >= rule.confidenceThreshold()
                        : !drops || first[row] == known[row])
                .filter(row -> shares == null || shares[row] > 0)
                .toArray();
        if (chosen.length == count) return new SampleSelection(null, outputs, weights);
        SelectedSamples rows = new SelectedSamples(chosen, labels.device());
        return new SampleSelection(rows, outputs, weights == null ? null : rows.of(weights));
    }

    private static Tensor checked(Tensor weights, Tensor labels) {
        if (!Arrays.equals(weights.shape(), labels.shape())) {
            throw new LimbeckException("sample weights must have the shape " + Tensors.shapeText(labels.shape())
                    + ", found " + Tensors.shapeText(weights.shape()) + "; return one number per row");
        }
        float[] shares = Tensors.toFloats(weights);
        for (int row = 0; row < shares.length; row++) {
            if (shares[row] >= 0 && shares[row] < Float.POSITIVE_INFINITY) continue;
            throw new LimbeckException("sample weights must be finite numbers of at least 0, found " + shares[row]
                    + " in row " + row + " of a batch; leave rows out by the weight 0");
        }
        return Tensors.to(weights.detach(), DType.FLOAT32);
    }

    /** Swap the largest logit and the label's logit where they differ. */
    private static Tensor swapped(Tensor logits, Tensor labels) {
        Tensor top = Ops.argmax(logits, 1);
        Tensor labeled = Ops.ge(labels, 0);
        Tensor wanted = labels.mul(labeled).add(top.mul(labeled.logical_not())).unsqueeze(1);
        Tensor first = top.unsqueeze(1);
        Tensor largest = logits.gather(1, first);
        Tensor own = logits.gather(1, wanted);
        return logits.scatter(1, first, own).scatter(1, wanted, largest);
    }

    /** Return the selected rows of a tensor. */
    Tensor of(Tensor tensor) {
        return rows == null ? tensor : rows.of(tensor);
    }

    /** Return the number of selected rows of a step's batch. */
    int count(TrainStep step) {
        return rows == null ? step.batch().size() : rows.count();
    }

    /** Return the weights of the selected rows; null if they are equal, or there are none. */
    @Nullable
    Tensor weightsOf(TrainStep step) {
        return count(step) == 0 ? null : weights;
    }
}
