package dev.limbeck.train;

import dev.limbeck.data.Batch;
import dev.limbeck.tensor.Ops;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Carry one batch through the loop: its prediction, its loss terms by name and their weighted total. */
public final class TrainStep {
    /** The name of the loss against the labels. */
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

    /** Return the number of this step within the fit, from 0. */
    public int index() {
        return index;
    }

    public Batch batch() {
        return batch;
    }

    /** Go on with another batch in place of this one. */
    public void replaceBatch(Batch other) {
        batch = other;
    }

    /** Leave this batch out: nothing of it is used or counted. */
    public void skip() {
        skipped = true;
    }

    boolean isSkipped() {
        return skipped;
    }

    /** Return the model's output for the batch. */
    public Tensor prediction() {
        if (prediction == null) throw new IllegalStateException("the prediction is known after the forward pass");
        return prediction;
    }

    void setPrediction(Tensor prediction) {
        this.prediction = prediction;
    }

    /** Add a scalar loss term under a new name with a weight in the total. */
    public void addTerm(String name, Tensor value, double weight) {
        if (terms.putIfAbsent(name, new Term(value, weight)) != null) {
            throw new IllegalStateException("the step has a loss term '" + name + "' already");
        }
    }

    /** Replace the value of a term; its weight stays. */
    public void setValue(String name, Tensor value) {
        term(name);
        terms.computeIfPresent(name, (key, term) -> new Term(value, term.weight));
    }

    /** Change the weight that a term has in the total. */
    public void setWeight(String name, double weight) {
        terms.put(name, new Term(term(name), weight));
    }

    /** Return the weight that a term has in the total. */
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

    /** Return the weighted sum of the terms, leaving out those of weight 0 so that they cost no gradient. */
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
