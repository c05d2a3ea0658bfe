package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.TensorGroups.Group;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Look into a file of weights, safetensors or a PyTorch checkpoint, and read those of one network. What the file holds is
 * known by its names and shapes; bytes are read for the chosen tensors alone.
 */
public final class WeightFile {
    private final Path path;
    private final @Nullable Object root;
    private final Map<String, String> metadata;
    private final boolean checksum;
    private final Reader reader;

    /** Read the bytes of tensors that a file describes. */
    interface Reader {
        StateDict read(Map<String, TensorInfo> wanted) throws IOException;
    }

    WeightFile(Path path, @Nullable Object root, Map<String, String> metadata, boolean checksum, Reader reader) {
        this.path = path;
        this.root = root;
        this.metadata = metadata;
        this.checksum = checksum;
        this.reader = reader;
    }

    public Path path() {
        return path;
    }

    /** Return the text beside the tensors of a safetensors file; a PyTorch checkpoint has none. */
    public Map<String, String> metadata() {
        return metadata;
    }

    /** Return whether the file carries checksums, so that damage to what is read of it is found. */
    public boolean hasChecksum() {
        return checksum;
    }

    /** Return the class names that the file holds beside the tensors, the outermost first; there may be several lists of them. */
    public List<ClassNames.Found> classNames() {
        List<ClassNames.Found> found = new ArrayList<>(ClassNames.in(root));
        found.addAll(ClassNames.inText(metadata));
        return found;
    }

    /**
     * Return the keys by which weights may be chosen: the names that lead to tensors, an optimizer's apart, where the empty one
     * is the outermost; and, for several networks in one map, what their names begin with.
     */
    public List<String> keys() {
        List<String> keys = new ArrayList<>();
        for (Group group : TensorGroups.all(path, root)) {
            keys.add(group.path());
            keys.addAll(TensorGroups.networks(group));
        }
        return keys;
    }

    /** Return the number of elements of each tensor. */
    public List<Long> elements() {
        return TensorGroups.all(path, root).stream()
                .flatMap(group -> group.tensors().values().stream())
                .map(TensorInfo::count)
                .toList();
    }

    /** Return whether some of the weights are a network with fastai's head, as its vision learner saves them. */
    public boolean hasFastaiHead() {
        return TensorGroups.all(path, root).stream()
                .anyMatch(group -> FastaiNames.matches(group.tensors().keySet()));
    }

    /**
     * Map a state dict to a network by names and shapes. A name prefix and other contents of the file are ignored;
     * {@link WeightFit#notes} reports them.
     *
     * @param key where to look, such as {@code model_ema}; null for everywhere
     * @return what fits, or what comes nearest, see {@link WeightFit#fits}
     * @throws LimbeckException if several different sets of weights fit (the message lists them), or there is nothing
     *     at the key
     */
    public WeightFit fit(RequiredTensors needs, @Nullable String key) {
        List<Group> groups = key == null ? TensorGroups.all(path, root) : TensorGroups.at(path, root, key);
        if (groups.isEmpty()) throw TensorGroups.none(path, root);
        List<WeightFit> fitting = new ArrayList<>();
        WeightFit nearest = null;
        for (Group group : groups) {
            for (WeightFit fit : WeightFit.of(this, group, groups, needs)) {
                if (fit.fits()) fitting.add(fit);
                if (nearest == null || fit.isNearerThan(nearest)) nearest = fit;
            }
        }
        if (fitting.isEmpty() && nearest != null) return nearest;
        WeightFit first = fitting.get(0);
        // A file that is itself a state dict belongs to the network, whatever it contains deeper.
        if (fitting.size() > 1 && !first.key().isEmpty()) requireEqual(fitting);
        return first;
    }

    private void requireEqual(List<WeightFit> fitting) {
        String first = fitting.get(0).sha256();
        if (fitting.stream().skip(1).allMatch(fit -> fit.sha256().equals(first))) return;
        List<Group> choices =
                fitting.stream().map(fit -> new Group(fit.key(), Map.of())).toList();
        throw IoErrors.in(
                path,
                "holds several sets of weights that fit " + fitting.get(0).network() + ": "
                        + TensorGroups.names(choices)
                        + "; choose one, as in --weights-key "
                        + IoErrors.printable(fitting.get(0).key())
                        + " (of a teacher --teacher-weights-key)");
    }

    /**
     * Read the state dict of a network that is not known, by the rules of {@link TorchCheckpoint}; what the engine has
     * no type for is left out.
     *
     * @param key location in the file, such as {@code model_ema}; null to choose by common names
     * @return a state dict that the caller closes
     */
    public StateDict read(@Nullable String key) {
        Map<String, TensorInfo> found = new LinkedHashMap<>();
        TensorGroups.choose(path, root, key).tensors().forEach((name, tensor) -> {
            if (tensor.type() != null) found.put(name, tensor);
        });
        return readOnly(found);
    }

    /** Say what {@link #read} chooses, changes and leaves out, a remark each; an empty list where it reads all there is. */
    public List<String> remarks(@Nullable String key) {
        List<Group> all = TensorGroups.all(path, root);
        Group chosen = TensorGroups.choose(path, root, key);
        List<String> remarks = new ArrayList<>();
        List<Group> beside = all.stream()
                .filter(group ->
                        !group.path().equals(chosen.path()) && group.tensors().size() >= TensorGroups.SMALLEST_NETWORK)
                .toList();
        if (!beside.isEmpty()) {
            remarks.add(
                    "weights taken from '" + chosen.path() + "', beside others under " + TensorGroups.names(beside));
        }
        List<String> unreadable = chosen.tensors().entrySet().stream()
                .filter(entry -> entry.getValue().type() == null)
                .map(entry -> entry.getKey() + " (" + entry.getValue().typeName() + ")")
                .toList();
        if (!unreadable.isEmpty()) {
            remarks.add(unreadable.size() + " tensors that cannot be read are left out, such as "
                    + IoErrors.printable(unreadable.get(0)));
        }
        return remarks;
    }

    /** Read every tensor. */
    StateDict readAll() {
        Map<String, TensorInfo> found = new LinkedHashMap<>();
        for (Group group : TensorGroups.all(path, root)) found.putAll(group.tensors());
        found.forEach((name, tensor) -> requireReadable(name, tensor));
        return readOnly(found);
    }

    void requireReadable(String name, TensorInfo tensor) {
        if (tensor.type() != null) return;
        throw IoErrors.in(
                path,
                "tensor '" + IoErrors.printable(name) + "' is " + tensor.typeName()
                        + ", which cannot be read; save it as float32, in Python by .float(), .dequantize() or .to_dense()");
    }

    StateDict readOnly(Map<String, TensorInfo> wanted) {
        try {
            StateDict state = reader.read(wanted);
            state.metadata().putAll(metadata);
            return state;
        } catch (IOException e) {
            throw IoErrors.reading(path, e);
        }
    }
}
