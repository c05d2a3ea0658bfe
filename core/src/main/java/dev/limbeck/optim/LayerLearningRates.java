package dev.limbeck.optim;

import dev.limbeck.Settings;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Give each group of layers a learning rate of its own, fastai's {@code slice}: the layers next to the image, which know
 * edges and textures already, learn slowest (Howard and Ruder, ULMFiT, ACL 2018: discriminative fine-tuning).
 *
 * @param low highest rate of the first group
 * @param high highest rate of the classifier
 * @param even whether the groups between are spread evenly on a logarithmic scale; else they all have {@code low}
 */
public record LayerLearningRates(double low, double high, boolean even) {
    private static final double DEFAULT_FACTOR = 10;

    public LayerLearningRates {
        Settings.positive("learning rate", low);
        Settings.positive("learning rate", high);
    }

    /** Spread from the first group's rate to the classifier's, evenly on a logarithmic scale. */
    public static LayerLearningRates of(double low, double high) {
        return new LayerLearningRates(low, high, true);
    }

    /** Let the classifier learn at a rate, and everything before it at a tenth. */
    public static LayerLearningRates upTo(double high) {
        return new LayerLearningRates(high / DEFAULT_FACTOR, high, false);
    }

    /** Return what the classifier's rate is multiplied with for a group, from 0, of this many. */
    public double factor(int group, int groups) {
        if (group == groups - 1) return 1;
        double position = even ? (double) group / (groups - 1) : 0;
        return Math.pow(low / high, 1 - position);
    }

    /** Return that factor by the path of a parameter; what is in no group learns at the full rate. */
    public ToDoubleFunction<String> factors(List<List<String>> groups) {
        Map<String, Double> factors = IntStream.range(0, groups.size())
                .boxed()
                .flatMap(group -> groups.get(group).stream().map(path -> Map.entry(path, factor(group, groups.size()))))
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
        return path -> factors.getOrDefault(path, 1.0);
    }
}
