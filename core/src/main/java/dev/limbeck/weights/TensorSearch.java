package dev.limbeck.weights;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Find the state dict inside what a checkpoint holds. */
final class TensorSearch {
    /** Where training scripts put the state dict, the weights in training before their moving average. */
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

    private static final int DEEPEST = 4;
    private static final String PARALLEL_PREFIX = "module.";

    private TensorSearch() {}

    /**
     * Return the tensors by name in order, without a {@code module.} that all names carry.
     *
     * @throws dev.limbeck.LimbeckException if there is no map with tensors, or several and none has a usual name
     */
    static Map<String, StoredTensor> find(Path file, @Nullable Object root) {
        if (!(root instanceof Map<?, ?> map)) {
            throw FileTrouble.in(file, "holds no map of tensors; save it by torch.save(model.state_dict(), path)");
        }
        return withoutPrefix(search(file, map, 0));
    }

    private static Map<String, StoredTensor> search(Path file, Map<?, ?> map, int depth) {
        if (depth < DEEPEST) {
            for (String wrapper : WRAPPERS) {
                if (map.get(wrapper) instanceof Map<?, ?> inner && holdsTensors(inner)) {
                    return search(file, inner, depth + 1);
                }
            }
        }
        Map<String, StoredTensor> own = tensors(map);
        if (!own.isEmpty()) return own;
        List<String> candidates = new ArrayList<>();
        map.forEach((key, value) -> {
            if (key instanceof String name
                    && !name.contains("optim")
                    && value instanceof Map<?, ?> inner
                    && holdsTensors(inner)) {
                candidates.add(name);
            }
        });
        if (candidates.isEmpty() || depth >= DEEPEST) {
            throw FileTrouble.in(file, "holds no tensors; expected a state dict");
        }
        if (candidates.size() > 1) {
            throw FileTrouble.in(
                    file,
                    "holds tensors under " + FileTrouble.printable(String.join(", ", candidates))
                            + "; expected one state dict, or one under a usual name such as " + WRAPPERS.get(0));
        }
        return search(file, (Map<?, ?>) map.get(candidates.get(0)), depth + 1);
    }

    /** Walk the maps inside a map, each once however often it is shared: a hostile file shares on purpose. */
    private static boolean holdsTensors(Map<?, ?> map) {
        Set<Object> seen = Collections.newSetFromMap(new IdentityHashMap<>());
        Deque<Map<?, ?>> open = new ArrayDeque<>(List.of(map));
        while (!open.isEmpty()) {
            Map<?, ?> next = open.pop();
            if (!seen.add(next)) continue;
            if (!tensors(next).isEmpty()) return true;
            next.forEach((key, value) -> {
                if (key instanceof String && value instanceof Map<?, ?> inner) open.push(inner);
            });
        }
        return false;
    }

    private static Map<String, StoredTensor> tensors(Map<?, ?> map) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        map.forEach((key, value) -> {
            if (key instanceof String name && value instanceof StoredTensor tensor) tensors.put(name, tensor);
        });
        return tensors;
    }

    private static Map<String, StoredTensor> withoutPrefix(Map<String, StoredTensor> tensors) {
        if (!tensors.keySet().stream().allMatch(name -> name.startsWith(PARALLEL_PREFIX))) return tensors;
        Map<String, StoredTensor> stripped = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> stripped.put(name.substring(PARALLEL_PREFIX.length()), tensor));
        return stripped;
    }
}
