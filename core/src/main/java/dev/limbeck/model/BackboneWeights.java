package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.RequiredTensors;
import dev.limbeck.weights.WeightCheck;
import dev.limbeck.weights.WeightFile;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.weights.WeightFit;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Load pretrained weights into a network, except its classifier, which keeps its initial weights. */
public final class BackboneWeights {
    private static final int ANY_CLASSES = 10;

    /** A classifier has few tensors. More leftover tensors mean a larger network. */
    private static final int LARGEST_HEAD = 6;

    /** Path prefixes of the layers before the classifier's last one, in timm's networks. */
    private static final Pattern BEFORE_CLASSIFIER = Pattern.compile("(pre_logits|conv_head)\\..*");

    private final Map<String, Tensor> body;
    /** All tensors of the file, in layer order. */
    private final Map<String, Tensor> file;
    /** The file's tensors without those whose name is the classifier's. */
    private final Map<String, Tensor> offered;

    /** Divide the tensors of a network and a file into backbone and head. */
    private BackboneWeights(StateDict values, StateDict file, Predicate<String> head) {
        body = pick(values, head.negate());
        this.file = pick(file, name -> true);
        offered = pick(file, head.negate());
    }

    /** Return a predicate for the names of a network's classifier. */
    private static Predicate<String> head(Module network, Architecture architecture) {
        List<List<String>> groups = architecture.layerGroups(network);
        Set<String> own = Set.copyOf(groups.get(groups.size() - 1));
        String path = architecture.head(network) + ".";
        return name -> own.contains(name) || name.startsWith(path);
    }

    private static Map<String, Tensor> pick(StateDict state, Predicate<String> wanted) {
        Map<String, Tensor> picked = new LinkedHashMap<>();
        for (String name : TimmOrder.of(state.names())) {
            if (wanted.test(name) && !WeightSelection.isCounter(name) && !FakeQuantization.isRange(name))
                picked.put(name, state.get(name));
        }
        return picked;
    }

    /**
     * Load a backbone by torchvision's names. If the names differ, as in timm, map the tensors by their order and
     * shapes.
     *
     * @param path a file of weights, or a run directory
     * @param weightsKey where in the file the weights are stored; null if only one set of weights fits
     * @param layers of a deeper encoder, one for each layer of this one; null for all, or evenly from the first if it has more
     * @return a description of the loaded and ignored tensors
     * @throws LimbeckException if the file is of another architecture; the message suggests one
     */
    public static String load(
            Path path,
            @Nullable String weightsKey,
            @Nullable List<Integer> layers,
            Module network,
            Architecture architecture) {
        Bert.Size encoder = Bert.Size.of(network.describe()).orElse(null);
        if (layers != null && encoder == null) {
            throw new LimbeckException("weights_layers (--weights-layers) chooses layers of an encoder of texts, found "
                    + architecture + "; leave it out");
        }
        if (HuggingFaceFolder.isAt(path)) {
            HuggingFaceFolder.requireNoKey(path, weightsKey);
            return String.join("; ", HuggingFaceFolder.read(path).loadEncoder(network, architecture, layers));
        }
        Path file = SavedModel.fileOf(path);
        WeightFile weights = WeightFiles.open(file);
        String assumed = encoder == null ? null : requireHeads(file, weights, encoder, architecture);
        Predicate<String> head = head(network, architecture);
        WeightFit fit = weights.fit(
                RequiredTensors.of(architecture.name(), network)
                        .only(head.or(FakeQuantization::isRange).negate()),
                weightsKey);
        boolean fits = fit.fits() && layers == null;
        try (StateDict state = fits ? fit.readWithRest() : weights.read(weightsKey);
                StateDict values = network.stateDict()) {
            int deep = fits || encoder == null ? 0 : KeptLayers.count(state.names());
            KeptLayers kept = deep == 0 ? null : KeptLayers.of(file, deep, encoder.name(), encoder.layers(), layers);
            if (kept != null) kept.select(state);
            BackboneWeights sorted = new BackboneWeights(values, state, head);
            Map<String, Tensor> found = fits ? pick(state, sorted.body::containsKey) : sorted.byName();
            List<String> remarks = new ArrayList<>(fits ? fit.remarks(head) : weights.remarks(weightsKey));
            if (kept != null && found != null) {
                remarks.add(0, kept.describe(without(values.names(), found.keySet())));
            }
            // Layers of an encoder have equal shapes, so their order says nothing.
            if (found == null && !architecture.isSizedByInputs()) {
                found = sorted.byOrder();
                remarks.add(0, "matched by order and shape because the names differ");
            }
            if (found == null) throw sorted.misfit(file, architecture, state);
            if (assumed != null) remarks.add(assumed);
            WeightCheck.require(file, found);
            try (Scope scope = Scope.open()) {
                found.forEach((name, tensor) -> values.put(name, Scope.retain(Tensors.copy(tensor))));
                if (!fits && TimmOrder.isOf(state.names())) remarks.addAll(TimmNorms.adapt(values, network));
            }
            network.load(values);
            remarks.add(0, found.size() + " tensors read from " + file);
            return String.join("; ", remarks) + sorted.leftOut(found);
        }
    }

    /**
     * Refuse an encoder whose width is divided otherwise, which shapes do not show.
     *
     * @return a remark if neither the file nor the configuration beside it says it; null otherwise
     */
    private static @Nullable String requireHeads(
            Path file, WeightFile weights, Bert.Size encoder, Architecture wanted) {
        Optional<Bert.Size> said = Optional.ofNullable(weights.metadata().get(SavedModel.ARCHITECTURE))
                .flatMap(Bert.Size::of);
        OptionalInt beside = said.isPresent() ? OptionalInt.empty() : HuggingFaceFolder.heads(file);
        if (said.isEmpty() && beside.isEmpty()) return "it does not say its heads, taken as " + encoder.heads();
        long found = said.isPresent() ? said.get().heads() : beside.getAsInt();
        if (found == encoder.heads()) return null;
        throw new LimbeckException(file + " has no weights of " + wanted + ": expected " + encoder.heads()
                + " heads, found " + found + "; set the architecture to one with as many (student, --arch)");
    }

    private static List<String> without(Collection<String> names, Set<String> found) {
        return names.stream().filter(name -> !found.contains(name)).toList();
    }

    /** Return the backbone if the file has all its names, and at most a classifier besides; else null. */
    private @Nullable Map<String, Tensor> byName() {
        if (offered.size() > body.size() + LARGEST_HEAD) return null;
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : body.entrySet()) {
            Tensor value = offered.get(entry.getKey());
            if (value == null || !sameShape(entry.getValue(), value)) return null;
            found.put(entry.getKey(), value);
        }
        return found;
    }

    private @Nullable Map<String, Tensor> byOrder() {
        List<String> names = List.copyOf(offered.keySet());
        if (names.size() < body.size() || names.size() > body.size() + LARGEST_HEAD) return null;
        Map<String, Tensor> found = new LinkedHashMap<>();
        for (Map.Entry<String, Tensor> entry : body.entrySet()) {
            String name = names.get(found.size());
            Tensor value = offered.get(name);
            if (!TimmOrder.mayBe(name, entry.getKey()) || !sameShape(entry.getValue(), value)) return null;
            found.put(entry.getKey(), value);
        }
        return found;
    }

    private static boolean sameShape(Tensor one, @Nullable Tensor other) {
        return other != null && Arrays.equals(one.shape(), other.shape());
    }

    private String leftOut(Map<String, Tensor> found) {
        Set<Tensor> used = Collections.newSetFromMap(new IdentityHashMap<>());
        used.addAll(found.values());
        long classes = file.entrySet().stream()
                .filter(entry -> entry.getValue().dim() >= 1 && !used.contains(entry.getValue()))
                .filter(entry -> !BEFORE_CLASSIFIER.matcher(entry.getKey()).matches())
                .reduce((first, last) -> last)
                .map(entry -> entry.getValue().size(0))
                .orElse(0L);
        return classes == 0 ? "" : "; its classifier of " + classes + " classes is ignored";
    }

    private LimbeckException misfit(Path file, Architecture wanted, StateDict state) {
        String first = body.entrySet().stream()
                .filter(entry -> !sameShape(entry.getValue(), offered.get(entry.getKey())))
                .map(entry -> entry.getKey() + " "
                        + Tensors.shapeText(entry.getValue().shape()) + found(entry.getKey()))
                .findFirst()
                .orElseGet(() -> body.size() + " backbone tensors, found " + offered.size());
        // Whoever reads texts or tables does not look for a network of images, and making them all takes a minute.
        String likely = Zoo.names().stream()
                .map(Zoo::byName)
                .filter(other -> !wanted.isSizedByInputs() && !other.isSizedByInputs() && fits(other, state))
                .findFirst()
                .map(other -> "; it looks like " + other + ", use that (--arch)")
                .orElse("");
        return new LimbeckException(file + " has no weights of " + wanted + ": expected " + first
                + (likely.isEmpty() ? "; use a file of this architecture" : likely));
    }

    private String found(String name) {
        Tensor tensor = offered.get(name);
        return tensor == null ? "" : ", found " + Tensors.shapeText(tensor.shape());
    }

    private static boolean fits(Architecture other, StateDict state) {
        try (Module network = other.create(ANY_CLASSES);
                StateDict values = network.stateDict()) {
            BackboneWeights weights = new BackboneWeights(values, state, head(network, other));
            return weights.byName() != null || weights.byOrder() != null;
        }
    }
}
