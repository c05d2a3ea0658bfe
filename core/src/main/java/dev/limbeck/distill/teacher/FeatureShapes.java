package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/** Read the shapes of kept features, as a folder's facts give them: {@code layer2 16×8×8, layer3 32×4×4}. */
final class FeatureShapes {
    private static final String FEATURE = "\\S+ [0-9]{1,9}(×[0-9]{1,9})*";

    /** Numbers of a row that are believed; the features of a large network's first layer are 3 million. */
    private static final int MOST_NUMBERS = 1 << 24;

    private FeatureShapes() {}

    /**
     * Read them by the names of their layers, in order.
     *
     * @param classes numbers of a row beside the features
     * @param features empty for none
     * @throws LimbeckException if they are no shapes, or more than memory should be taken for
     */
    static Map<String, long[]> read(Path folder, int classes, String features) {
        Map<String, long[]> shapes = new LinkedHashMap<>();
        double numbers = classes;
        for (String feature : features.isEmpty() ? new String[0] : features.split(", ")) {
            if (!feature.matches(FEATURE)) throw odd(folder);
            String[] parts = feature.split(" ");
            long[] shape = Arrays.stream(parts[1].split("×"))
                    .mapToLong(Long::parseLong)
                    .toArray();
            numbers += Arrays.stream(shape).asDoubleStream().reduce(1, (a, b) -> a * b);
            shapes.put(parts[0], shape);
        }
        if (numbers > MOST_NUMBERS) throw odd(folder);
        return shapes;
    }

    private static LimbeckException odd(Path folder) {
        return new LimbeckException(folder + " does not say what can be the shapes of its features; delete it");
    }
}
