package dev.limbeck.train;

import dev.limbeck.data.Batch;
import dev.limbeck.data.Targets;
import dev.limbeck.tensor.Ops;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BinaryOperator;
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
    private @Nullable Tensor partner;
    private double ownShare = 1;

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
     * Set other targets of the batch's rows, for inputs that are mixed of two rows.
     *
     * @param share of the loss with the batch's own targets, in [0, 1]
     */
    public void mixTargets(Tensor others, double share) {
        partner = Targets.areUnknown(others) ? null : others;
        ownShare = share;
    }

    /**
     * Compute a task loss of outputs for the batch. For mixed inputs it is the mix of the losses with both targets; without a
     * labeled partner there is no second loss to mix.
     *
     * @param loss computes the loss of outputs and targets
     */
    public Tensor taskLoss(BinaryOperator<Tensor> loss, Tensor outputs) {
        Tensor own = loss.apply(outputs, batch.targets());
        if (partner == null) return own;
        return Ops.mul(own, ownShare).add(Ops.mul(loss.apply(outputs, partner), 1 - ownShare));
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

    /** Return the weighted sum of the terms. Terms of weight 0 are left out and cost no gradient. */
    public Tensor total() {
        Tensor sum = null;
        for (Term term : terms.values()) {
            if (term.weight == 0 && terms.size() > 1) continue;
            Tensor part = term.weight == 1 ? term.value : Ops.mul(term.value, term.weight);
            sum = sum == null ? part : sum.add(part);
        }
        if (sum == null) throw new IllegalStateException("the step has no loss term with a weight");
        return sum;
    }
}
