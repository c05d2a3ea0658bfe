package dev.limbeck.distill.loss;

import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
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

        feature("fitnet", "squared difference of the features", Map.of(), p -> new FitNet());
        feature(
                "attention",
                "where the network looks, as the authors' code has it",
                Map.of("power", 2.0),
                p -> new AttentionTransfer(p.get("power")));
        feature(
                "attention-paper",
                "the same as their paper has it",
                Map.of("power", 2.0),
                p -> new AttentionTransfer(p.get("power")).asInPaper());
        feature("similarity", "SP: which images of a batch look alike", Map.of(), p -> new SimilarityPreserving());
        feature("probabilistic", "PKT: how likely images are neighbors", Map.of(), p -> new ProbabilisticTransfer());
        feature(
                "relational-distance",
                "RKD: distances between images; the authors' scale is 25",
                Map.of(),
                p -> new RelationalDistance());
        feature(
                "relational-angle",
                "RKD: angles between images; the authors' scale is 50",
                Map.of(),
                p -> new RelationalAngle());
        feature(
                "neuron-selectivity",
                "NST: what channels respond to, as distributions",
                Map.of(),
                p -> new NeuronSelectivity());
        feature(
                "correlation",
                "CC: correlation of images under a Gaussian kernel",
                ordered("gamma", 0.4, "order", 2),
                p -> new CorrelationCongruence(p.get("gamma"), whole("order", p)));
        feature("flow", "FSP: how features change between two layers", Map.of(), p -> new FlowOfSolution());
        feature(
                "activation-boundaries",
                "AB: which neurons fire; for layers before a ReLU",
                Map.of("margin", 2.0),
                p -> new ActivationBoundaries(p.get("margin")));
        feature(
                "factor-transfer",
                "FT: factors that small networks extract",
                Map.of("share", 0.5),
                p -> new FactorTransfer(p.get("share")));
        feature(
                "variational",
                "VID: what the student's features tell of the teacher's",
                Map.of("variance", 5.0),
                p -> new VariationalInformation(p.get("variance")));
        feature(
                "overhaul",
                "OFD: features before a ReLU, above a margin; scale 0.001 or less",
                Map.of(),
                p -> new OverhaulFeature());
        feature(
                "channel-wise",
                "CWD: each channel as a map of where something is; for dense outputs",
                Map.of(TEMPERATURE, 4.0),
                p -> new ChannelWise(p.get(TEMPERATURE)));
        feature("inter-channel", "ICKD: how channels go together", Map.of(), p -> new InterChannelCorrelation());
        feature(
                "review",
                "ReviewKD: deep layers review with shallow ones; two layers or more",
                Map.of(),
                p -> new ReviewKD());
        feature(
                "contrastive",
                "CRD: the same image told from others, in memories of all training images",
                ordered("negatives", 1024, TEMPERATURE, 0.07, "momentum", 0.5),
                p -> new ContrastiveRepresentation(whole("negatives", p), p.get(TEMPERATURE), p.get("momentum")));
    }

    private Losses() {}

    /**
     * Describe one loss.
     *
     * @param feature whether it compares layers and not logits
     * @param summary one line for a list
     * @param parameters names with their defaults
     */
    public record Kind(
            String name,
            boolean feature,
            String summary,
            Map<String, Double> parameters,
            Function<Map<String, Double>, Object> maker) {
        /** Return whether it can be softened. */
        public boolean hasTemperature() {
            return parameters.containsKey(TEMPERATURE);
        }

        /**
         * Make a loss on logits; parameters that are not given have their defaults.
         *
         * @throws LimbeckException if a parameter is unknown or out of its range, or it is a loss on features
         */
        public LogitLoss logits(Map<String, Double> given) {
            if (feature) {
                throw new LimbeckException("the loss " + name + " compares features; name the layers, such as " + name
                        + ":layer3, or " + name + ":auto");
            }
            return (LogitLoss) make(given);
        }

        /** Make a loss on features; see {@link #logits}. */
        public FeatureLoss features(Map<String, Double> given) {
            if (!feature) throw new LimbeckException("the loss " + name + " compares logits; leave the layers out");
            return (FeatureLoss) make(given);
        }

        private Object make(Map<String, Double> given) {
            for (String parameter : given.keySet()) {
                if (parameters.containsKey(parameter)) continue;
                throw new LimbeckException("the loss " + name + " has no " + parameter + ", found "
                        + given.get(parameter) + "; "
                        + (parameters.isEmpty() ? "leave it out" : "it has " + String.join(", ", parameters.keySet())));
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
        KINDS.put(name, new Kind(name, false, summary, parameters, maker::apply));
    }

    private static void feature(
            String name,
            String summary,
            Map<String, Double> parameters,
            Function<Map<String, Double>, FeatureLoss> maker) {
        KINDS.put(name, new Kind(name, true, summary, parameters, maker::apply));
    }

    private static int whole(String name, Map<String, Double> parameters) {
        double value = parameters.get(name);
        if (value != Math.rint(value) || Math.abs(value) > Integer.MAX_VALUE) {
            throw Settings.wrong(name, "a whole number", value);
        }
        return (int) value;
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
