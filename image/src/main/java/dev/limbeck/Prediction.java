package dev.limbeck;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Hold a classifier's outputs for one input.
 *
 * @param task single-label or multi-label classification, with the class names in the order of the logits
 * @param logits one per class
 */
public record Prediction(Task task, double[] logits) {
    private static final double PRESENT = 0.5;

    public Prediction {
        if (task.kind() == Task.Kind.REGRESSION) throw new IllegalArgumentException("a regression has no classes");
    }

    /** Return the class names in the order of the logits. */
    public List<String> classNames() {
        return task.names();
    }

    /** Return the most probable class. */
    public String className() {
        return best(1).keySet().iterator().next();
    }

    /** Return the probability of the most probable class. */
    public double probability() {
        return best(1).values().iterator().next();
    }

    /**
     * Return the probability of every class, in the order of the class names. Those of several labels are independent.
     */
    public Map<String, Double> probabilities() {
        return task.named(task.decode(logits));
    }

    /** Return the labels with a probability of at least 0.5, in the order of the class names. */
    public List<String> labels() {
        return probabilities().entrySet().stream()
                .filter(label -> label.getValue() >= PRESENT)
                .map(Map.Entry::getKey)
                .toList();
    }

    /** Return the probabilities at a temperature above 0. A higher temperature makes small probabilities visible. */
    public Map<String, Double> softened(double temperature) {
        if (task.kind() == Task.Kind.SINGLE_LABEL) return task.named(Softmax.of(logits, temperature));
        return task.named(
                task.decode(Arrays.stream(logits).map(z -> z / temperature).toArray()));
    }

    /** Return the most probable classes with their probabilities, in descending order. */
    public Map<String, Double> best(int count) {
        double[] probabilities = task.decode(logits);
        Map<String, Double> best = new LinkedHashMap<>();
        IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
                .limit(count)
                .forEach(i -> best.put(classNames().get(i), probabilities[i]));
        return best;
    }
}
