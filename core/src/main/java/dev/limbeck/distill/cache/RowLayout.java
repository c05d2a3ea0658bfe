package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Describe a cached row: the logits, then the features of each captured layer. */
final class RowLayout {
    private static final String FEATURES = "features";
    private static final String CLASSES = "classes";
    private static final String FEATURE = "\\S+ [0-9]{1,9}(×[0-9]{1,9})*";

    /** Maximum accepted row size. The features of a large network's first layer have 3 million numbers. */
    private static final int MOST_NUMBERS = 1 << 24;

    private final Map<String, long[]> shapes = new LinkedHashMap<>();
    private int classes;

    /** Return whether a folder has cached rows, and they hold no features. */
    static boolean isOfOutputsAlone(Path folder) {
        Map<String, String> facts = DiskStore.facts(folder);
        if (facts == null) return false;
        RowLayout layout = new RowLayout();
        layout.read(facts, folder);
        return layout.shapes.isEmpty();
    }

    int classes() {
        return classes;
    }

    void classes(int count) {
        classes = count;
    }

    /** Return the layers in the order of their features. */
    List<String> layers() {
        return List.copyOf(shapes.keySet());
    }

    /** Set the feature shape of a layer, without the batch dimension. Return its previous shape, or null. */
    long @Nullable [] layer(String name, long... shape) {
        return shapes.put(name, shape);
    }

    /** Return the numbers per row. */
    int width() {
        return classes + shapes.values().stream().mapToInt(RowLayout::count).sum();
    }

    private static int count(long[] shape) {
        return Math.toIntExact(Arrays.stream(shape).reduce(1, (a, b) -> a * b));
    }

    /**
     * Read the layout from a folder's facts.
     *
     * @throws LimbeckException if the facts are invalid
     */
    void read(Map<String, String> facts, @Nullable Path folder) {
        String known = facts.get(CLASSES);
        if (known == null || !known.matches("[0-9]{1,7}")) {
            throw new LimbeckException(folder + " has no number of classes; delete it");
        }
        classes = Integer.parseInt(known);
        double numbers = classes;
        String features = facts.getOrDefault(FEATURES, "");
        for (String feature : features.isEmpty() ? new String[0] : features.split(", ")) {
            if (!feature.matches(FEATURE)) throw unlikely(folder);
            String[] parts = feature.split(" ");
            long[] shape = Arrays.stream(parts[1].split("×"))
                    .mapToLong(Long::parseLong)
                    .toArray();
            numbers += Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b);
            shapes.put(parts[0], shape);
        }
        if (numbers > MOST_NUMBERS) throw unlikely(folder);
    }

    private static LimbeckException unlikely(@Nullable Path folder) {
        return new LimbeckException(folder + " has invalid feature shapes; delete it");
    }

    /** Write the layout to a folder's facts. */
    void write(Map<String, String> facts) {
        facts.put(CLASSES, String.valueOf(classes));
        List<String> features = new ArrayList<>();
        shapes.forEach((layer, shape) -> features.add(layer + " " + Tensors.shapeText(shape)));
        if (!features.isEmpty()) facts.put(FEATURES, String.join(", ", features));
    }

    /** Return the logits of decoded rows. */
    Tensor logits(Tensor rows) {
        return rows.narrow(1, 0, classes);
    }

    /** Return the features of decoded rows, by layer. */
    Map<String, Tensor> features(Tensor rows) {
        Map<String, Tensor> features = new LinkedHashMap<>();
        int at = classes;
        for (Map.Entry<String, long[]> layer : shapes.entrySet()) {
            int count = count(layer.getValue());
            long[] shape = LongStream.concat(LongStream.of(rows.size(0)), Arrays.stream(layer.getValue()))
                    .toArray();
            features.put(layer.getKey(), rows.narrow(1, at, count).reshape(shape));
            at += count;
        }
        return features;
    }
}
