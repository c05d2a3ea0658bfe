package dev.limbeck;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Define what a model returns for a sample: one class, several labels, numbers, or an embedding. It is stored in the metadata of a
 * saved model. Instances are immutable.
 */
public sealed interface Task {
    /** Key of the task kind in a saved model's metadata. Without it, the task is {@link SingleLabel}. */
    String KEY = "task";

    /** Kind of a task. */
    enum Kind {
        /** Exactly one of several classes. */
        SINGLE_LABEL("single-label classification"),
        /** Any number of several labels, each present or absent. */
        MULTI_LABEL("multi-label classification"),
        /** One or several numbers. */
        REGRESSION("regression"),
        /** A vector without names, learned from a teacher's. There are no labels. */
        EMBEDDING("an embedding");

        private final String words;

        Kind(String words) {
            this.words = words;
        }

        /** Return the name in recipes, options and metadata, such as {@code multi-label}. */
        public String key() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Return the name for use in sentences. */
        public String words() {
            return words;
        }

        /**
         * Parse a name.
         *
         * @throws LimbeckException if there is no such kind
         */
        public static Kind of(String key) {
            for (Kind kind : values()) if (kind.key().equals(key.strip().toLowerCase(Locale.ROOT))) return kind;
            throw Names.unknown("task", key, Stream.of(values()).map(Kind::key).toList());
        }
    }

    Kind kind();

    /**
     * Return the class names, or the names of the targets, in the order of the network's outputs; empty for an
     * embedding.
     */
    List<String> names();

    /** Return the number of network outputs; 0 for an embedding, whose width the network decides. */
    default int outputs() {
        return names().size();
    }

    /**
     * Convert the network outputs of a sample to user-facing values: probabilities, or numbers in the targets' units.
     */
    double[] decode(double... outputs);

    /** Return values by name, in the order of the names. */
    default Map<String, Double> named(double... values) {
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) named.put(names().get(i), values[i]);
        return named;
    }

    /** Return default names for outputs without names. */
    static List<String> numbered(int outputs) {
        return IntStream.range(0, outputs).mapToObj(i -> "class " + i).toList();
    }

    /** Return the metadata entries for a saved model except the names, keys in a fixed order. */
    Map<String, String> toMetadata();

    /** Return the same task with other names, in the same order. */
    Task withNames(List<String> names);

    /**
     * Rebuild a task from a saved model's metadata.
     *
     * @param metadata keys of {@link #toMetadata}; others are ignored
     * @param names class or target names
     * @throws LimbeckException if a value is malformed or does not fit the names
     */
    static Task of(Map<String, String> metadata, List<String> names) {
        String named = metadata.get(KEY);
        Kind kind = named == null ? Kind.SINGLE_LABEL : Kind.of(named);
        if (kind != Kind.REGRESSION) return of(kind, names);
        return new Regression(
                names,
                Regression.numbers(metadata, Regression.MEAN, names.size(), 0),
                Regression.numbers(metadata, Regression.DEVIATION, names.size(), 1));
    }

    /** Return the task of a kind; targets of a regression are not standardized. */
    static Task of(Kind kind, List<String> names) {
        return switch (kind) {
            case SINGLE_LABEL -> new SingleLabel(names);
            case MULTI_LABEL -> new MultiLabel(names);
            case REGRESSION -> new Regression(names);
            case EMBEDDING -> new Embedding();
        };
    }

    /** Predict one class. The network's outputs are logits of a softmax. */
    record SingleLabel(List<String> names) implements Task {
        public SingleLabel {
            names = List.copyOf(names);
        }

        @Override
        public Kind kind() {
            return Kind.SINGLE_LABEL;
        }

        @Override
        public double[] decode(double... outputs) {
            return Softmax.of(outputs, 1);
        }

        @Override
        public Map<String, String> toMetadata() {
            return Map.of();
        }

        @Override
        public SingleLabel withNames(List<String> others) {
            return new SingleLabel(others);
        }
    }

    /** Predict the presence of each label. The network's outputs are logits of independent sigmoids. */
    record MultiLabel(List<String> names) implements Task {
        public MultiLabel {
            names = List.copyOf(names);
        }

        @Override
        public Kind kind() {
            return Kind.MULTI_LABEL;
        }

        @Override
        public double[] decode(double... outputs) {
            return Arrays.stream(outputs).map(z -> 1 / (1 + Math.exp(-z))).toArray();
        }

        @Override
        public Map<String, String> toMetadata() {
            return Map.of(KEY, kind().key());
        }

        @Override
        public MultiLabel withNames(List<String> others) {
            return new MultiLabel(others);
        }
    }

    /** Return an embedding: the features that a classifier would get. It has as many numbers as the network is wide. */
    record Embedding() implements Task {
        @Override
        public Kind kind() {
            return Kind.EMBEDDING;
        }

        @Override
        public List<String> names() {
            return List.of();
        }

        @Override
        public double[] decode(double... outputs) {
            return outputs.clone();
        }

        @Override
        public Map<String, String> toMetadata() {
            return Map.of(KEY, kind().key());
        }

        /** {@inheritDoc} The numbers of an embedding have no names, so others are ignored. */
        @Override
        public Embedding withNames(List<String> others) {
            return this;
        }
    }

    /**
     * Predict numbers. The network's outputs are standardized: value = mean + deviation · output.
     *
     * @param means one per target, in the target's unit
     * @param deviations one per target, positive
     */
    record Regression(List<String> names, List<Double> means, List<Double> deviations) implements Task {
        static final String MEAN = "target_mean";
        static final String DEVIATION = "target_deviation";

        public Regression {
            names = List.copyOf(names);
            means = List.copyOf(means);
            deviations = List.copyOf(deviations);
            if (means.size() != names.size() || deviations.size() != names.size()) {
                throw new LimbeckException("expected a mean and a deviation for each of " + names.size()
                        + " targets, found " + means.size() + " and " + deviations.size());
            }
            if (!means.stream().allMatch(Double::isFinite)) {
                throw new LimbeckException("means of targets must be finite, found " + means);
            }
            for (double deviation : deviations) Settings.positive("deviation of a target", deviation);
        }

        /** Use targets without standardization: mean 0 and deviation 1. */
        public Regression(List<String> names) {
            this(names, same(names.size(), 0), same(names.size(), 1));
        }

        private static List<Double> same(int count, double value) {
            return Stream.generate(() -> value).limit(count).toList();
        }

        @Override
        public Kind kind() {
            return Kind.REGRESSION;
        }

        @Override
        public double[] decode(double... outputs) {
            double[] values = new double[outputs.length];
            for (int i = 0; i < values.length; i++) values[i] = value(i, outputs[i]);
            return values;
        }

        /** Convert an output to the target's unit, the inverse of {@link #standardized}. */
        public double value(int target, double output) {
            return means.get(target) + deviations.get(target) * output;
        }

        /** Standardize a target. */
        public double standardized(int target, double value) {
            return (value - means.get(target)) / deviations.get(target);
        }

        @Override
        public Map<String, String> toMetadata() {
            Map<String, String> metadata = new LinkedHashMap<>();
            metadata.put(KEY, kind().key());
            if (means.isEmpty()) return metadata;
            metadata.put(MEAN, text(means));
            metadata.put(DEVIATION, text(deviations));
            return metadata;
        }

        @Override
        public Regression withNames(List<String> others) {
            return means.isEmpty() ? new Regression(others) : new Regression(others, means, deviations);
        }

        private static String text(List<Double> numbers) {
            return numbers.stream().map(String::valueOf).collect(Collectors.joining(","));
        }

        private static List<Double> numbers(Map<String, String> metadata, String key, int count, double missing) {
            @Nullable String text = metadata.get(key);
            if (text == null) return same(count, missing);
            try {
                return Arrays.stream(text.split(",")).map(Double::valueOf).toList();
            } catch (NumberFormatException e) {
                throw new LimbeckException(
                        key + " must be numbers with commas, found '" + Printable.quote(text) + "'", e);
            }
        }
    }
}
