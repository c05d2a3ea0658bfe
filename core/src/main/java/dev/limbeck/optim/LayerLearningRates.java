package dev.limbeck.optim;

import dev.limbeck.Settings;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Set a learning rate for each layer group, as fastai's {@code slice}. Early layers already detect edges and textures
 * and train slowest (discriminative fine-tuning; Howard and Ruder, ULMFiT, ACL 2018).
 *
 * @param low maximum rate of the first group
 * @param high maximum rate of the classifier
 * @param even whether the groups in between are spaced evenly on a logarithmic scale; otherwise they use {@code low}
 */
public record LayerLearningRates(double low, double high, boolean even) {
    private static final double DEFAULT_FACTOR = 10;

    public LayerLearningRates {
        Settings.positive("learning rate", low);
        Settings.positive("learning rate", high);
    }

    /** Return rates spaced from the first group to the classifier, evenly on a logarithmic scale. */
    public static LayerLearningRates of(double low, double high) {
        return new LayerLearningRates(low, high, true);
    }

    /** Return a rate for the classifier, and a tenth of it for all other groups. */
    public static LayerLearningRates upTo(double high) {
        return new LayerLearningRates(high / DEFAULT_FACTOR, high, false);
    }

    /**
     * Return the factor of a group relative to the classifier's rate.
     *
     * @param group index of the group, from 0
     * @param groups number of groups
     */
    public double factor(int group, int groups) {
        if (group == groups - 1) return 1;
        double position = even ? (double) group / (groups - 1) : 0;
        return Math.pow(low / high, 1 - position);
    }

    /** Return that factor by parameter path. Parameters outside all groups get factor 1. */
    public ToDoubleFunction<String> factors(List<List<String>> groups) {
        Map<String, Double> factors = IntStream.range(0, groups.size())
                .boxed()
                .flatMap(group -> groups.get(group).stream().map(path -> Map.entry(path, factor(group, groups.size()))))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        return path -> factors.getOrDefault(path, 1.0);
    }
}
