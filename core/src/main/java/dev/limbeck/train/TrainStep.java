package dev.limbeck.train;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Mixing;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Hold the state of one batch in the training loop: prediction, loss terms by name and their weighted total. */
public final class TrainStep {
    /** Name of the task loss, computed from the labels. */
    public static final String TASK = "task";

    private record Term(Tensor value, double weight) {}

    private final TrainingContext fit;
    private final int index;
    private final Map<String, Term> terms = new LinkedHashMap<>();
    private Batch batch;
    private @Nullable Tensor prediction;
    private boolean skipped;

    TrainStep(TrainingContext fit, int index, Batch batch) {
        this.fit = fit;
        this.index = index;
        this.batch = batch;
    }

    public TrainingContext fit() {
        return fit;
    }

    /** Return the index of this step within the fit, from 0. */
    public int index() {
        return index;
    }

    public Batch batch() {
        return batch;
    }

    /** Replace the batch of this step. */
    public void replaceBatch(Batch other) {
        batch = other;
    }

    /**
     * Compute a task loss of outputs for the batch. For mixed rows it is the mean over the known targets of both rows, each with the share
     * of its row.
     */
    public Tensor taskLoss(TargetLoss loss, Tensor outputs) {
        Tensor others = batch.otherTargets();
        Mixing mixing = batch.origin() == null ? null : batch.origin().mixing();
        if (others == null || mixing == null) return loss.of(outputs, batch.targets(), null);
        int rows = batch.size();
        float[] weights = new float[2 * rows];
        for (int row = 0; row < rows; row++) {
            weights[row] = (float) mixing.shares()[row];
            weights[rows + row] = (float) (1 - mixing.shares()[row]);
        }
        return loss.of(
                Ops.cat(0, outputs, outputs),
                Ops.cat(0, batch.targets(), others),
                Tensors.to(Tensors.of(weights, weights.length), outputs.device()));
    }

    /** Skip this batch. It is neither used nor counted. */
    public void skip() {
        skipped = true;
    }

    boolean isSkipped() {
        return skipped;
    }

    /** Return the model's output for the batch, of shape rows×outputs. */
    public Tensor prediction() {
        if (prediction == null) throw new IllegalStateException("the prediction is known after the forward pass");
        return prediction;
    }

    /** Set the model's output for the batch; the task does it. */
    public void setPrediction(Tensor prediction) {
        this.prediction = prediction;
    }

    /** Add a scalar loss term with a weight. The name must be new. */
    public void addTerm(String name, Tensor value, double weight) {
        if (terms.putIfAbsent(name, new Term(value, weight)) != null) {
            throw new IllegalStateException("the step has a loss term '" + name + "' already");
        }
    }

    /** Set the weight of a term in the total loss. */
    public void setWeight(String name, double weight) {
        terms.put(name, new Term(term(name), weight));
    }

    /** Return the weight of a term in the total loss. */
    public double weight(String name) {
        term(name);
        return terms.get(name).weight;
    }

    /** Return the unweighted value of a term. */
    public Tensor term(String name) {
        Term term = terms.get(name);
        if (term == null)
            throw new IllegalArgumentException("no loss term '" + name + "', there are " + terms.keySet());
        return term.value;
    }

    /** Return the unweighted values of all terms by name. */
    public Map<String, Tensor> terms() {
        Map<String, Tensor> values = new LinkedHashMap<>();
        terms.forEach((name, term) -> values.put(name, term.value));
        return values;
    }

    /** Keep what this step holds alive after the scope of its forward pass. */
    void keepIn(Scope forward) {
        // A task may have replaced the batch.
        batch = batch.map(forward::promote);
        if (prediction != null) prediction = forward.promote(prediction);
        terms.replaceAll((name, term) -> new Term(forward.promote(term.value), term.weight));
    }

    /**
     * Return the weighted sum of the terms. Terms of weight 0 are left out and cost no gradient. If all weights are 0, as at the end of a
     * schedule, the sum is 0 and so are all gradients.
     */
    public Tensor total() {
        boolean hasWeight = terms.values().stream().anyMatch(term -> term.weight != 0);
        Tensor sum = null;
        for (Term term : terms.values()) {
            if (term.weight == 0 && (hasWeight || sum != null)) continue;
            Tensor part = term.weight == 1 ? term.value : Ops.mul(term.value, term.weight);
            sum = sum == null ? part : sum.add(part);
        }
        if (sum == null) throw new IllegalStateException("the step has no loss term");
        return sum;
    }
}
