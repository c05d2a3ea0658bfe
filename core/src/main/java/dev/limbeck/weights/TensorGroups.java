package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.IoErrors;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Find the maps of tensors inside what a file holds. */
final class TensorGroups {
    /** Fewer tensors under a name of their own are figures of a run, not a network. */
    static final int SMALLEST_NETWORK = 4;

    /** Where training scripts put the state dict, the weights in training before their moving average. */
    private static final Pattern OPTIMIZER = Pattern.compile("(?i)optim(izer)?s?(_.*)?");

    private static final List<String> WRAPPERS = List.of(
            "state_dict",
            "model_state_dict",
            "model_state",
            "model",
            "net",
            "network",
            "weights",
            "params",
            "model_ema",
            "state_dict_ema",
            "ema_state_dict",
            "ema");

    /** What wraps a whole network puts before all its names. */
    private static final List<String> SHARED = List.of("module.", "_orig_mod.");

    private static final int DEEPEST = 6;
    private static final int LONGEST_PATH = 1_000;
    private static final int NAMED = 8;

    /**
     * A map of a file that holds tensors itself.
     *
     * @param path the names that lead to it, joined by dots; empty for the outermost
     */
    record Group(String path, Map<String, TensorInfo> tensors) {
        /** Return the tensors whose names begin with a prefix, under what follows it. */
        Group below(String prefix) {
            Map<String, TensorInfo> found = new LinkedHashMap<>();
            tensors.forEach((name, tensor) -> {
                if (name.startsWith(prefix)) found.put(name.substring(prefix.length()), tensor);
            });
            return new Group(join(path, prefix.substring(0, prefix.length() - 1)), found);
        }
    }

    private record Place(String path, Object value, int depth) {}

    private TensorGroups() {}

    static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /** Return all groups but an optimizer's, outer ones first, each once however often it is shared. */
    static List<Group> all(Path file, @Nullable Object root) {
        return below(file, "", root);
    }

    /**
     * Return the groups at and below a place of a file.
     *
     * @param key names joined by dots; the last ones may be what names of tensors begin with
     * @throws dev.limbeck.LimbeckException naming the groups there are, if there is none
     */
    static List<Group> at(Path file, @Nullable Object root, String key) {
        if (key.isEmpty()) {
            List<Group> outermost = all(file, root).stream()
                    .filter(group -> group.path.isEmpty())
                    .toList();
            if (!outermost.isEmpty()) return outermost;
            throw IoErrors.in(
                    file,
                    "holds no weights at its top, as the empty key says; it holds some under "
                            + names(all(file, root)));
        }
        List<Group> found = find(file, "", root, key);
        if (!found.isEmpty()) return found;
        // A part of the path will do, where it is clear.
        List<Group> all = all(file, root);
        List<Group> ends =
                all.stream().filter(group -> group.path.endsWith("." + key)).toList();
        if (ends.isEmpty()) {
            ends = all.stream()
                    .map(group -> group.below(key + "."))
                    .filter(group -> !group.tensors.isEmpty())
                    .toList();
        }
        if (ends.size() == 1) return ends;
        throw IoErrors.in(
                file, "holds no weights under '" + IoErrors.printable(key) + "'; it holds some under " + names(all));
    }

    private static List<Group> find(Path file, String path, @Nullable Object value, String key) {
        if (!(value instanceof Map<?, ?> given)) {
            return value instanceof List<?> || value instanceof Object[]
                    ? find(file, path, indexed(value), key)
                    : List.of();
        }
        Map<Object, Object> map = textual(given);
        List<Group> exact = below(file, join(path, key), map.get(key));
        if (!exact.isEmpty()) return exact;
        for (int dot = key.indexOf('.'); dot >= 0; dot = key.indexOf('.', dot + 1)) {
            String first = key.substring(0, dot);
            List<Group> found = find(file, join(path, first), map.get(first), key.substring(dot + 1));
            if (!found.isEmpty()) return found;
        }
        Group named = new Group(path, tensors(map)).below(key + ".");
        return named.tensors.isEmpty() ? List.of() : List.of(named);
    }

    /** Return a map whose whole numbers among the keys are text. */
    private static Map<Object, Object> textual(Map<?, ?> map) {
        Map<Object, Object> copy = new LinkedHashMap<>();
        map.forEach((key, value) -> copy.put(key instanceof Number ? key.toString() : key, value));
        return copy;
    }

    private static Map<Object, Object> indexed(Object sequence) {
        List<?> items = list(sequence);
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < items.size(); i++) map.put(Integer.toString(i), items.get(i));
        return map;
    }

    /** Walk the maps and lists inside a value, each once: a hostile file shares on purpose. */
    private static List<Group> below(Path file, String path, @Nullable Object root) {
        long most = Limit.TENSORS.value();
        long mostGroups = Limit.TENSOR_MAPS.value();
        long tensors = 0;
        List<Group> groups = new ArrayList<>();
        if (root == null) return groups;
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Place> open = new ArrayDeque<>(List.of(new Place(path, root, 0)));
        while (!open.isEmpty()) {
            Place place = open.pop();
            Object value = place.value;
            if (!isContainer(value) || !seen.add(value)) continue;
            // A list of tensors has no names that a network could know.
            Map<String, TensorInfo> own = value instanceof Map<?, ?> map ? tensors(map) : Map.of();
            if (!own.isEmpty()) groups.add(new Group(place.path, own));
            tensors += own.size();
            if (tensors > most) throw IoErrors.in(file, tooMany(most, "tensors", Limit.TENSORS));
            if (groups.size() > mostGroups) {
                throw IoErrors.in(file, tooMany(mostGroups, "maps of tensors", Limit.TENSOR_MAPS));
            }
            if (place.depth == DEEPEST) continue;
            List<Place> inner = new ArrayList<>();
            if (value instanceof Map<?, ?> map) {
                map.forEach((key, item) -> {
                    // Maps of epochs are numbered.
                    boolean named = key instanceof String || key instanceof Integer || key instanceof Long;
                    if (named && isContainer(item) && !isOptimizer(key.toString(), item)) {
                        addInner(inner, place, key.toString(), item);
                    }
                });
            } else {
                List<?> items = list(value);
                for (int i = 0; i < items.size(); i++) {
                    if (isContainer(items.get(i))) addInner(inner, place, Integer.toString(i), items.get(i));
                }
            }
            Collections.reverse(inner);
            inner.forEach(open::push);
        }
        return groups;
    }

    private static void addInner(List<Place> inner, Place place, String name, Object item) {
        // A long name above many others would be written out for each.
        if (place.path.length() + name.length() <= LONGEST_PATH) {
            inner.add(new Place(join(place.path, name), item, place.depth + 1));
        }
    }

    private static String tooMany(long most, String what, Limit limit) {
        return "holds more than " + most + " " + what + "; " + limit.advice();
    }

    private static List<?> list(Object sequence) {
        return sequence instanceof Object[] array ? Arrays.asList(array) : (List<?>) sequence;
    }

    private static boolean isContainer(@Nullable Object value) {
        return value instanceof Map<?, ?> || value instanceof List<?> || value instanceof Object[];
    }

    /** Return the keys of the networks that share a group, each under a first name of its own; none where there is but one. */
    static List<String> networks(Group group) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (String name : group.tensors.keySet()) {
            int dot = name.indexOf('.');
            if (dot > 0 && name.indexOf('.', dot + 1) > 0) counts.merge(name.substring(0, dot), 1, Integer::sum);
        }
        List<String> large = counts.entrySet().stream()
                .filter(entry -> entry.getValue() >= SMALLEST_NETWORK)
                .map(Map.Entry::getKey)
                .toList();
        int within = counts.values().stream().mapToInt(Integer::intValue).sum();
        // A network has layers of its own at its top, such as a classifier.
        boolean layers = group.tensors.keySet().stream()
                .anyMatch(name -> name.matches("(conv1|bn1|fc|classifier|head|features)\\..*"));
        return layers || large.isEmpty() || within == 0
                ? List.of()
                : large.stream().map(name -> join(group.path, name)).toList();
    }

    /** Return whether a value is an optimizer's state, by PyTorch's or fastai's keys, or by what everybody calls it. */
    private static boolean isOptimizer(String name, Object value) {
        if (OPTIMIZER.matcher(name).matches()) return true;
        return value instanceof Map<?, ?> map
                && map.containsKey("state")
                && (map.containsKey("param_groups") || map.containsKey("hypers"));
    }

    private static Map<String, TensorInfo> tensors(Map<?, ?> map) {
        Map<String, TensorInfo> tensors = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (key instanceof String name && value instanceof TensorInfo tensor) tensors.put(name, tensor);
        });
        return tensors;
    }

    /** Say what a file without named tensors holds in their place. */
    static LimbeckException none(Path file, @Nullable Object root) {
        long numbered = 0;
        long arrays = 0;
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Object> open = new ArrayDeque<>();
        if (root != null) open.push(root);
        while (!open.isEmpty()) {
            Object value = open.pop();
            if (!seen.add(value)) continue;
            if (value instanceof TorchGlobals.Array) arrays++;
            if (!isContainer(value)) continue;
            for (Map.Entry<?, ?> entry : (value instanceof Map<?, ?> map ? map : indexed(value)).entrySet()) {
                if (entry.getValue() instanceof TensorInfo) numbered++;
                else if (entry.getValue() != null) open.push(entry.getValue());
            }
        }
        if (numbered > 0) {
            return IoErrors.in(
                    file,
                    "holds " + numbered
                            + " tensors under numbers or in lists; expected names such as conv1.weight; save"
                            + " model.state_dict() as it is");
        }
        if (arrays > 0) {
            return IoErrors.in(
                    file,
                    "holds " + arrays + " NumPy arrays and no tensors; expected tensors; save it in Python by"
                            + " torch.save({k: torch.as_tensor(v) for k, v in weights.items()}, path)");
        }
        return IoErrors.in(
                file, "holds no tensors; expected a state dict, as torch.save(model.state_dict(), path) writes it");
    }

    static String names(List<Group> groups) {
        String shown = groups.stream()
                .limit(NAMED)
                .map(group -> group.path.isEmpty() ? "'' (its top)" : IoErrors.printable(group.path))
                .collect(Collectors.joining(", "));
        return groups.size() > NAMED ? shown + " and " + (groups.size() - NAMED) + " more" : shown;
    }

    /**
     * Choose a group without a known network: a common name first, then the outermost one, then the only one. Prefixes
     * of wrappers are removed.
     *
     * @throws dev.limbeck.LimbeckException if there is none, or several and none has a common name
     */
    static Group choose(Path file, @Nullable Object root, @Nullable String key) {
        if (!(root instanceof Map<?, ?> || root instanceof List<?> || root instanceof Object[])) {
            throw IoErrors.in(file, "holds no map of tensors; save it by torch.save(model.state_dict(), path)");
        }
        List<Group> groups = key == null ? all(file, root) : at(file, root, key);
        if (groups.isEmpty()) throw none(file, root);
        return unwrapped(choose(file, groups, ""));
    }

    private static Group choose(Path file, List<Group> groups, String path) {
        if (groups.size() == 1) return groups.get(0);
        for (String wrapper : WRAPPERS) {
            String inner = join(path, wrapper);
            List<Group> found = groups.stream()
                    .filter(group -> group.path.equals(inner) || group.path.startsWith(inner + "."))
                    .toList();
            if (!found.isEmpty()) return choose(file, found, inner);
        }
        return groups.stream()
                .filter(group -> group.path.equals(path))
                .findFirst()
                .orElseThrow(() -> IoErrors.in(
                        file,
                        "holds tensors under " + names(groups) + "; expected one state dict, or one under a common name"
                                + " such as " + WRAPPERS.get(0)));
    }

    private static Group unwrapped(Group group) {
        for (String shared : SHARED) {
            if (group.tensors.keySet().stream().allMatch(name -> name.startsWith(shared))) {
                return unwrapped(new Group(group.path, group.below(shared).tensors));
            }
        }
        return group;
    }
}
