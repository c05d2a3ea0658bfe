package dev.limbeck.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Find the class names that training scripts write beside weights: {@code classes}, {@code class_to_idx} and the like at the
 * top of a checkpoint, or in the settings and the {@code meta} of Lightning, mmcv and others; {@code names} in the metadata that
 * ultralytics writes.
 */
public final class ClassNames {
    private static final List<String> KEYS = List.of(
            "classes",
            "class_names",
            "class_to_idx",
            "idx_to_class",
            "label_names",
            "names",
            "labels",
            "id2label",
            "label2id",
            "CLASSES");
    private static final List<String> INSIDE =
            List.of("meta", "dataset_meta", "hyper_parameters", "hparams", "config", "cfg", "args", "data", "dataset");
    private static final int DEEPEST = 3;
    private static final int MOST = 100_000;
    // A list or a map as Python prints it is YAML.
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private ClassNames() {}

    /**
     * Names as a file gives them.
     *
     * @param key where they lie, such as {@code meta.CLASSES}
     * @param names in the order of the outputs
     */
    public record Found(String key, List<String> names) {}

    /** Find all lists of names among the values of a file, the outermost first. */
    static List<Found> in(@Nullable Object root) {
        List<Found> found = new ArrayList<>();
        look("", root, 0, found);
        return List.copyOf(found);
    }

    /** Find all lists of names in the text beside tensors. */
    static List<Found> inText(Map<String, String> metadata) {
        Map<String, Object> read = new LinkedHashMap<>();
        metadata.forEach((key, text) -> {
            Object value = KEYS.contains(key) ? value(text) : null;
            if (value != null) read.put(key, value);
        });
        return in(read);
    }

    /** Read names written as JSON or as Python prints a list or a map; empty if the text is anything else. */
    public static List<String> parse(String text) {
        Object value = value(text);
        List<String> names = value == null ? null : names(value);
        return names == null ? List.of() : names;
    }

    private static @Nullable Object value(String text) {
        String start = text.strip();
        if (!start.startsWith("[") && !start.startsWith("{") && !start.startsWith("(")) return null;
        if (start.startsWith("(") && start.endsWith(")")) start = "[" + start.substring(1, start.length() - 1) + "]";
        try {
            return YAML.readValue(start, Object.class);
        } catch (JsonProcessingException e) {
            return null; // the writer used the name for something else
        }
    }

    private static void look(String path, @Nullable Object value, int depth, List<Found> found) {
        if (!(value instanceof Map<?, ?> map)) return;
        for (String key : KEYS) {
            List<String> names = names(map.get(key));
            if (names != null) found.add(new Found(TensorGroups.join(path, key), names));
        }
        if (depth == DEEPEST) return;
        for (String key : INSIDE) look(TensorGroups.join(path, key), map.get(key), depth + 1, found);
    }

    /** Return names in the order of their numbers, each once; null if a value is anything else. */
    private static @Nullable List<String> names(@Nullable Object value) {
        if (value instanceof Object[] tuple) return distinct(Arrays.asList(tuple));
        if (value instanceof List<?> list) return distinct(list);
        if (!(value instanceof Map<?, ?> map) || map.isEmpty() || map.size() > MOST) return null;
        @Nullable Object[] ordered = new Object[map.size()];
        for (Map.Entry<?, ?> entry : map.entrySet()) {
            // Numbers of classes that text stands for are keys of JSON, and names may be numbers.
            boolean backwards = entry.getKey() instanceof String && isWhole(entry.getValue());
            int at = index(backwards ? entry.getValue() : entry.getKey());
            if (at < 0 || at >= ordered.length || ordered[at] != null) return null;
            ordered[at] = backwards ? entry.getKey() : entry.getValue();
        }
        return distinct(Arrays.asList(ordered));
    }

    private static boolean isWhole(@Nullable Object value) {
        return value instanceof Integer || value instanceof Long;
    }

    private static int index(@Nullable Object value) {
        String text = String.valueOf(value);
        return text.matches("[0-9]{1,6}") ? Integer.parseInt(text) : -1;
    }

    private static @Nullable List<String> distinct(List<?> values) {
        if (values.size() < 2 || values.size() > MOST) return null;
        List<String> names = new ArrayList<>();
        for (Object value : values) {
            if (!(value instanceof String name) || name.isBlank()) return null;
            names.add(name);
        }
        return new HashSet<>(names).size() == names.size() ? List.copyOf(names) : null;
    }
}
