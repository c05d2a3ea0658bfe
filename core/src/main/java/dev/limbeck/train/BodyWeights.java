package dev.limbeck.train;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Read everything of a network but its classifier from a file; the classifier stays as it was drawn. */
final class BodyWeights {
    private static final String BATCH_COUNTER = "num_batches_tracked";
    private static final int ANY_CLASSES = 10;

    /** A classifier has few tensors; more are left over only by a larger network. */
    private static final int LARGEST_HEAD = 6;

    private final Map<String, Tensor> body;
    private final Map<String, Tensor> offered;
    private final Map<String, Tensor> left;

    /** Sort the tensors of a network and of a file into body and head. */
    private BodyWeights(StateDict values, StateDict file, Module network, Architecture architecture) {
        List<List<String>> groups = architecture.layerGroups(network);
        Set<String> own = Set.copyOf(groups.get(groups.size() - 1));
        String path = architecture.head(network) + ".";
        Predicate<String> head = name -> own.contains(name) || name.startsWith(path);
        body = pick(values, head, false);
        offered = pick(file, head, false);
        left = pick(file, head, true);
    }

    private static Map<String, Tensor> pick(StateDict state, Predicate<String> head, boolean ofHead) {
        Map<String, Tensor> picked = new LinkedHashMap<>();
        for (String name : state.names()) {
            if (head.test(name) == ofHead && !name.endsWith(BATCH_COUNTER)) {
                picked.put(name, state.get(name));
            }
        }
        return picked;
    }

    /**
     * Read a body by torchvision's names, or by the order and the shapes of its tensors where the names are others', such
     * as timm's for the same network.
     *
     * @return what was read and what was left out, in words
     * @throws LimbeckException if the file is of another architecture: which one it looks like
     */
    static String load(Path file, Module network, Architecture architecture) {
        try (StateDict state = WeightFiles.read(file);
                StateDict values = network.stateDict()) {
            BodyWeights weights = new BodyWeights(values, state, network, architecture);
            Map<String, Tensor> found = weights.byName();
            String manner = "";
            if (found == null) {
                found = weights.byOrder();
                manner = ", by their order and shapes as the names are others";
            }
            if (found == null) throw weights.misfit(file, architecture, state);
            try (Scope scope = Scope.open()) {
                found.forEach((name, tensor) -> values.put(name, Scope.keep(Tensors.copy(tensor))));
            }
            network.load(values);
            return found.size() + " tensors read from " + file + manner + weights.leftOut();
        }
    }

    private @Nullable Map<String, Tensor> byName() {
        if (!offered.keySet().equals(body.keySet())) return null;
        boolean fits =
                body.entrySet().stream().allMatch(entry -> sameShape(entry.getValue(), offered.get(entry.getKey())));
        return fits ? offered : null;
    }

    private @Nullable Map<String, Tensor> byOrder() {
        List<Tensor> values = List.copyOf(offered.values());
        if (values.size() < body.size() || values.size() > body.size() + LARGEST_HEAD) return null;
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : body.entrySet()) {
            Tensor value = values.get(found.size());
            if (!sameShape(entry.getValue(), value)) return null;
            found.put(entry.getKey(), value);
        }
        return found;
    }

    private static boolean sameShape(Tensor one, @Nullable Tensor other) {
        return other != null && Arrays.equals(one.shape(), other.shape());
    }

    private String leftOut() {
        long classes = left.values().stream()
                .filter(tensor -> tensor.dim() >= 1)
                .reduce((first, last) -> last)
                .map(tensor -> tensor.size(0))
                .orElse(0L);
        return classes == 0 ? "" : "; its classifier of " + classes + " classes is left out";
    }

    private LimbeckException misfit(Path file, Architecture wanted, StateDict state) {
        String first = body.entrySet().stream()
                .filter(entry -> !sameShape(entry.getValue(), offered.get(entry.getKey())))
                .map(entry -> entry.getKey() + " "
                        + Tensors.shapeText(entry.getValue().shape()))
                .findFirst()
                .orElseGet(() -> "nothing beside " + body.size() + " tensors");
        String likely = Zoo.names().stream()
                .map(Zoo::byName)
                .filter(other -> fits(other, state))
                .map(other -> "; it looks like " + other + ", take that (--arch)")
                .collect(Collectors.joining());
        return new LimbeckException(file + " holds no weights of " + wanted + ": expected " + first
                + (likely.isEmpty() ? "; take a file of this architecture" : likely));
    }

    private static boolean fits(Architecture other, StateDict state) {
        try (Module network = other.create(ANY_CLASSES);
                StateDict values = network.stateDict()) {
            return new BodyWeights(values, state, network, other).byName() != null;
        }
    }
}
