package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Find losses by the names that commands and recipes use, each with parameters by name. */
public final class Losses {
    /** The parameter that schedules and sweeps change. */
    public static final String TEMPERATURE = "temperature";

    private static final Map<String, Kind> KINDS = new LinkedHashMap<>();

    static {
        logit(
                "soft-target",
                "the classic: divergence of the softened probabilities, times T²",
                Map.of(TEMPERATURE, 3.0),
                p -> new SoftTarget(p.get(TEMPERATURE)));
        logit(
                "soft-cross-entropy",
                "the tutorial's written form, without T²",
                Map.of(TEMPERATURE, 3.0),
                p -> new SoftCrossEntropy(p.get(TEMPERATURE)));
        logit(
                "soft-cross-entropy-scaled",
                "the same times T²",
                Map.of(TEMPERATURE, 3.0),
                p -> new SoftCrossEntropy(p.get(TEMPERATURE)).scaled());
        logit("logit-mse", "squared difference of the logits", Map.of(), p -> new LogitMse());
        logit("hard-label", "the teacher's first choice as the label", Map.of(), p -> new HardLabel());
        logit(
                "decoupled",
                "DKD: the label against the rest, and the rest among themselves; for confident teachers",
                ordered("alpha", 1, "beta", 8, TEMPERATURE, 4),
                p -> new DecoupledKD(p.get("alpha"), p.get("beta"), p.get(TEMPERATURE)));
        logit(
                "normalized",
                "NKD: the label by the teacher's confidence, and the rest made to sum to one",
                ordered("gamma", 1.5, TEMPERATURE, 1),
                p -> new NormalizedKD(p.get("gamma"), p.get(TEMPERATURE)));
        logit(
                "dist",
                "DIST: correlation over classes and over rows; for teachers much stronger than the student",
                ordered("beta", 1, "gamma", 1, TEMPERATURE, 1),
                p -> new Dist(p.get("beta"), p.get("gamma"), p.get(TEMPERATURE)));
        logit(
                "weighted-soft-label",
                "WSLD: rows count by how much better the teacher knows the label",
                Map.of(TEMPERATURE, 2.0),
                p -> new WeightedSoftLabel(p.get(TEMPERATURE)));
        logit(
                "one-for-all",
                "OFA: the label raised by the teacher's belief; for a teacher of another family",
                Map.of("epsilon", 1.5),
                p -> new OneForAll(p.get("epsilon")));
        logit(
                "standardized",
                "soft-target on logits brought to mean 0 and deviation 1",
                Map.of(TEMPERATURE, 2.0),
                p -> new StandardizedLogits(new SoftTarget(p.get(TEMPERATURE))));
        logit(
                "multi-label",
                "each class a sigmoid of its own; for several labels an image",
                Map.of(TEMPERATURE, 1.0),
                p -> new MultiLabel(p.get(TEMPERATURE)));
    }

    private Losses() {}

    /**
     * Describe one loss.
     *
     * @param summary one line for a list
     * @param parameters names with their defaults
     */
    public record Kind(
            String name,
            String summary,
            Map<String, Double> parameters,
            Function<Map<String, Double>, LogitLoss> maker) {
        /** Return whether it can be softened. */
        public boolean hasTemperature() {
            return parameters.containsKey(TEMPERATURE);
        }

        /**
         * Make the loss; parameters that are not given have their defaults.
         *
         * @throws LimbeckException if a parameter is unknown or out of its range
         */
        public LogitLoss with(Map<String, Double> given) {
            for (String parameter : given.keySet()) {
                if (parameters.containsKey(parameter)) continue;
                throw new LimbeckException("the loss " + name + " has no " + parameter + ", found "
                        + given.get(parameter) + "; "
                        + (parameters.isEmpty()
                                ? "it has no parameters"
                                : "it has " + String.join(", ", parameters.keySet())));
            }
            Map<String, Double> all = new LinkedHashMap<>(parameters);
            all.putAll(given);
            return maker.apply(all);
        }
    }

    /** Return all losses, the usual ones first. */
    public static Collection<Kind> kinds() {
        return Collections.unmodifiableCollection(KINDS.values());
    }

    public static List<String> names() {
        return List.copyOf(KINDS.keySet());
    }

    /**
     * Return a loss by name.
     *
     * @throws LimbeckException naming the nearest, if there is none
     */
    public static Kind byName(String name) {
        Kind kind = KINDS.get(name);
        if (kind == null) throw Names.unknown("loss", name, names());
        return kind;
    }

    private static void logit(
            String name,
            String summary,
            Map<String, Double> parameters,
            Function<Map<String, Double>, LogitLoss> maker) {
        KINDS.put(name, new Kind(name, summary, parameters, maker));
    }

    /** Keep the order in which parameters are told. */
    private static Map<String, Double> ordered(Object... namesAndValues) {
        Map<String, Double> map = new LinkedHashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            map.put((String) namesAndValues[i], ((Number) namesAndValues[i + 1]).doubleValue());
        }
        return map;
    }
}
