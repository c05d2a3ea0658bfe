package dev.limbeck.distill;

import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.TokenLoss;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Match layers of two networks. */
public final class FeaturePairs {
    /** Number of candidate layers in a network with constant resolution. */
    private static final int PLACES = 4;

    /** Placeholder for automatic layers. */
    static final String AUTO = "auto";

    private FeaturePairs() {}

    /** Hold the last layer of a stage and the side of its feature map. */
    private record Place(String path, double side) {}

    /**
     * Pair the last layer of each student stage with a teacher layer. A stage is a range of layers with one resolution.
     * Stages are matched by resolution, in order; or by depth, if one network has a constant resolution, as
     * transformers do.
     *
     * @param inputs of both networks, as {@code Data.inputs} gives them
     * @return pairs by {@link dev.limbeck.distill.loss.FitNet}, from shallow to deep; give them the loss you want
     * @throws LimbeckException if a network has no maps
     */
    public static List<FeaturePair> match(Module student, Module teacher, List<InputSpec> inputs) {
        requireMaps(inputs, "the networks");
        return match(Summary.of(student, inputs), Summary.of(teacher, inputs));
    }

    /**
     * Check that a network can have maps: of texts, a layer's shape says nothing, because it depends on their length.
     *
     * @throws LimbeckException if it reads rows of any length
     */
    static void requireMaps(List<InputSpec> inputs, String who) {
        if (inputs.stream().noneMatch(InputSpec::hasFreeLength)) return;
        throw new LimbeckException("auto pairs feature maps, and texts have none (" + who
                + "); name the layers, or use losses on logits or tokens");
    }

    /** Match by the summaries of both networks. */
    static List<FeaturePair> match(Summary student, Summary teacher) {
        List<Place> ours = places(student, "the student");
        List<Place> theirs = places(teacher, "the teacher");
        boolean byDepth = isotropic(ours) || isotropic(theirs);
        List<FeaturePair> pairs = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            Place own = ours.get(i);
            Place other = byDepth
                    ? theirs.get(Math.max(0, (int) Math.round((i + 1.0) * theirs.size() / ours.size()) - 1))
                    : nearest(own, theirs);
            // A stage that is closer to another one has no partner.
            if (byDepth || nearest(other, ours) == own) pairs.add(FeaturePair.of(own.path, other.path));
        }
        return pairs;
    }

    private static boolean isotropic(List<Place> places) {
        return places.stream().mapToDouble(Place::side).distinct().count() == 1;
    }

    /** Return the candidate with the nearest resolution, by ratio. */
    private static Place nearest(Place own, List<Place> places) {
        return Collections.min(places, Comparator.comparingDouble(place -> distance(own, place)));
    }

    private static double distance(Place a, Place b) {
        return Math.abs(Math.log(a.side / b.side));
    }

    /**
     * Resolve the layers of an automatic pair: one pair per stage. A loss over several layers gets one pair per two
     * neighbors, or one for all.
     */
    static List<FeaturePair> resolve(FeaturePair pair, Summary student, Summary teacher) {
        if (pair.loss() instanceof TokenLoss loss) return resolve(pair, loss, student, teacher);
        List<FeaturePair> found = match(student, teacher);
        int layers = pair.loss().layers();
        if (layers == 0) layers = found.size();
        if (layers > found.size()) {
            throw new LimbeckException(pair.loss().name() + " compares " + layers + " layers at once, found "
                    + found.size() + " that match; name the layers");
        }
        List<FeaturePair> resolved = new ArrayList<>();
        for (int i = 0; i + layers <= found.size(); i++) {
            List<FeaturePair> together = found.subList(i, i + layers);
            resolved.add(new FeaturePair(
                    together.stream().map(one -> one.student().get(0)).toList(),
                    together.stream().map(one -> one.teacher().get(0)).toList(),
                    pair.loss(),
                    pair.adapter(),
                    pair.scale()));
        }
        return resolved;
    }

    /** Pair the layers of two encoders at the same share of their depth, as TinyBERT does. */
    private static List<FeaturePair> resolve(FeaturePair pair, TokenLoss loss, Summary student, Summary teacher) {
        List<String> ours = encoderLayers(student, "the student");
        List<String> theirs = encoderLayers(teacher, "the teacher");
        List<FeaturePair> resolved = new ArrayList<>();
        for (int i = loss.lastLayerOnly() ? ours.size() - 1 : 0; i < ours.size(); i++) {
            int other = Math.max(0, (int) Math.round((i + 1.0) * theirs.size() / ours.size()) - 1);
            resolved.add(new FeaturePair(
                    inside(ours.get(i), loss.parts()),
                    inside(theirs.get(other), loss.parts()),
                    loss,
                    pair.adapter(),
                    pair.scale()));
        }
        return resolved;
    }

    private static List<String> inside(String layer, List<String> parts) {
        return parts.stream()
                .map(part -> part.isEmpty() ? layer : layer + "." + part)
                .toList();
    }

    /** Return the numbered layers of one container that give N×tokens×width, from shallow to deep. */
    private static List<String> encoderLayers(Summary network, String who) {
        Map<String, List<String>> found = new LinkedHashMap<>();
        for (Summary.Row row : network.rows()) {
            int dot = row.path().lastIndexOf('.');
            if (row.output().length != 3
                    || dot < 0
                    || !row.path().substring(dot + 1).matches("\\d+")) continue;
            found.computeIfAbsent(row.path().substring(0, dot), container -> new ArrayList<>())
                    .add(row.path());
        }
        return found.values().stream()
                .findFirst()
                .orElseThrow(() -> new LimbeckException(
                        who + " has no encoder's layers to pair; name the layers, or use losses on logits"));
    }

    private static List<Place> places(Summary network, String who) {
        // A container precedes its children, so the first match is the outermost layer.
        Map<Double, Map<Integer, List<Place>>> found = new LinkedHashMap<>();
        for (Summary.Row row : network.rows()) {
            double side = side(row.output());
            if (row.path().isEmpty() || side <= 1) continue;
            int depth = row.path().split("\\.").length;
            found.computeIfAbsent(side, s -> new LinkedHashMap<>())
                    .computeIfAbsent(depth, d -> new ArrayList<>())
                    .add(new Place(row.path(), side));
        }
        if (found.isEmpty()) {
            throw new LimbeckException(who + " has no feature maps to pair; use logit losses");
        }
        if (found.size() == 1) return spread(found.values().iterator().next());
        List<Place> places = new ArrayList<>();
        found.values().forEach(byDepth -> {
            List<Place> outermost = byDepth.get(
                    byDepth.keySet().stream().mapToInt(Integer::intValue).min().orElseThrow());
            places.add(outermost.get(outermost.size() - 1));
        });
        // The container of all stages has the resolution of the last one, and precedes them.
        places.sort(Comparator.comparingDouble(Place::side).reversed());
        // Single layers of a stem are not a stage if there are other stages.
        List<Place> blocks = places.stream()
                .filter(place ->
                        network.rows().stream().anyMatch(row -> row.path().startsWith(place.path + ".")))
                .toList();
        return blocks.size() > 1 ? blocks : places;
    }

    /** Choose evenly spaced layers of the depth with the most layers. */
    private static List<Place> spread(Map<Integer, List<Place>> byDepth) {
        List<Place> blocks = List.of();
        for (List<Place> places : byDepth.values()) {
            // Blocks are siblings in one container; their children are deeper.
            List<Place> numbered = places.stream()
                    .filter(place -> place.path.matches(".*\\.\\d+"))
                    .toList();
            if (blocks.isEmpty() && numbered.size() > 1) blocks = numbered;
        }
        if (blocks.isEmpty()) blocks = byDepth.values().iterator().next();
        int count = Math.min(PLACES, blocks.size());
        List<Place> places = new ArrayList<>();
        for (int i = 1; i <= count; i++)
            places.add(blocks.get((int) Math.round((double) i * blocks.size() / count) - 1));
        return places;
    }

    private static double side(long[] output) {
        if (output.length == 4) return Math.sqrt((double) output[2] * output[3]);
        if (output.length != 3) return 0;
        long[] map = FeatureForm.asMap(output[1], output[2]);
        return map.length == 3 ? map[1] : 0;
    }
}
