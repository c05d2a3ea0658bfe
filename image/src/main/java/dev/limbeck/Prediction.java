package dev.limbeck;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Hold what a model says of one image.
 *
 * @param classNames in the order of the logits
 * @param logits one a class
 */
public record Prediction(List<String> classNames, double[] logits) {
    /** Return the most probable class. */
    public String className() {
        return best(1).keySet().iterator().next();
    }

    /** Return the probability of the most probable class. */
    public double probability() {
        return best(1).values().iterator().next();
    }

    /** Return the probability of every class, in the order of the class names. */
    public Map<String, Double> probabilities() {
        return softened(1);
    }

    /** Return the probabilities at a temperature above 0: the higher, the more the small ones can be seen. */
    public Map<String, Double> softened(double temperature) {
        double[] probabilities = Softmax.of(logits, temperature);
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < probabilities.length; i++) named.put(classNames.get(i), probabilities[i]);
        return named;
    }

    /** Return the most probable classes with their probabilities, the first first. */
    public Map<String, Double> best(int count) {
        double[] probabilities = Softmax.of(logits, 1);
        Map<String, Double> best = new LinkedHashMap<>();
        IntStream.range(0, probabilities.length)
                .boxed()
                .sorted(Comparator.comparingDouble(i -> -probabilities[i]))
                .limit(count)
                .forEach(i -> best.put(classNames.get(i), probabilities[i]));
        return best;
    }
}
