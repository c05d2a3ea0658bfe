package dev.limbeck.model;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Printable;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modalities;
import dev.limbeck.io.MissingFile;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.ElementLimit;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.weights.ClassNames;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFile;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Bert;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hold a trained model, opened from a run directory, a safetensors file written by Limbeck, or a PyTorch checkpoint of
 * a known architecture. It owns the module.
 *
 * @param architecture name in the zoo
 * @param task the task, with class or target names; without names if the file has none
 * @param knowsTask whether the file or the architecture says the task; if not, one class per row is assumed
 * @param preprocessing preprocessing of its inputs, in the form of {@link Data#preprocessing}; empty if the file has none
 * @param sha256 SHA-256 of weights and buffers, in hex
 * @param file file of the weights
 * @param weightsKey requested location of the weights in the file; null to search
 * @param notes descriptions of selected, converted and ignored tensors
 */
public record SavedModel(
        Module module,
        String architecture,
        Task task,
        boolean knowsTask,
        Map<String, String> preprocessing,
        String sha256,
        Path file,
        @Nullable String weightsKey,
        List<String> notes)
        implements AutoCloseable {
    /** File name of the weights in a run directory. */
    public static final String FILE_NAME = "model.safetensors";

    private static final String FORMAT = "limbeck";
    /** Key of the metadata with the name of the architecture. */
    public static final String ARCHITECTURE = "architecture";

    static final String CLASSES = "classes";
    private static final Logger LOG = LoggerFactory.getLogger(SavedModel.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Return the metadata that rebuilds a model: architecture, task with class names, preprocessing. */
    public static Map<String, String> metadata(String architecture, Data data) {
        return metadata(architecture, data.task(), data.preprocessing());
    }

    /** Return the metadata that rebuilds a model for inputs of a preprocessing, whose kind of data it names. */
    public static Map<String, String> metadata(String architecture, Task task, Preprocessing preprocessing) {
        return metadata(architecture, task, Modalities.metadata(preprocessing));
    }

    /** Return the metadata that rebuilds a model, or describes it to other tools. */
    public static Map<String, String> metadata(String architecture, Task task, Map<String, String> preprocessing) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT, "1");
        metadata.put(ARCHITECTURE, architecture);
        try {
            if (!task.names().isEmpty()) metadata.put(CLASSES, JSON.writeValueAsString(task.names()));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of strings is always JSON", e);
        }
        metadata.putAll(task.toMetadata());
        metadata.putAll(preprocessing);
        return metadata;
    }

    /** Return the file of a model that is named by its file, or by its run directory. */
    public static Path fileOf(Path path) {
        return Files.isDirectory(path) ? path.resolve(FILE_NAME) : path;
    }

    /** Return the metadata of a run or a file that Limbeck wrote; empty for other files. */
    public static Map<String, String> readMetadata(Path path) {
        Path file = fileOf(path);
        if (!file.toString().endsWith(".safetensors") || !Files.isRegularFile(file)) return Map.of();
        Map<String, String> metadata = Safetensors.readMetadata(file);
        return isOurs(metadata) ? metadata : Map.of();
    }

    /** Return how the inputs of a model are prepared, according to its metadata; empty if it has nothing on that. */
    public static Map<String, String> preprocessing(Map<String, String> metadata) {
        Map<String, String> rest = new LinkedHashMap<>(metadata);
        rest.keySet().removeAll(List.of(FORMAT, ARCHITECTURE, CLASSES));
        List<String> names = classNames("a model", metadata.get(CLASSES));
        rest.keySet().removeAll(Task.of(metadata, names).toMetadata().keySet());
        return rest;
    }

    /** Return whether Limbeck wrote a file, according to its metadata. */
    public static boolean isOurs(Map<String, String> metadata) {
        return metadata.containsKey(FORMAT);
    }

    /** Return the metadata that {@link #open} needs to rebuild this model. */
    public Map<String, String> metadata() {
        return metadata(architecture, task, preprocessing);
    }

    /**
     * Open a model.
     *
     * @param path a run directory, a {@code .safetensors} file, or a PyTorch checkpoint
     * @param named the architecture; required if the file does not contain it
     * @throws LimbeckException if the file is missing, damaged, or does not fit the architecture
     */
    public static SavedModel open(Path path, @Nullable Architecture named) {
        return open(path, named, null);
    }

    /**
     * Open one of several models in a checkpoint.
     *
     * @param path a run directory, a {@code .safetensors} file, or a PyTorch checkpoint
     * @param named the architecture; required if the file does not contain it
     * @param weightsKey where in the file the weights are stored, such as {@code model_ema}: keys joined by dots; null
     *     if only one set of weights fits the architecture
     * @throws LimbeckException if the file is missing, damaged, does not fit the architecture, or several sets of
     *     weights fit
     */
    public static SavedModel open(Path path, @Nullable Architecture named, @Nullable String weightsKey) {
        if (HuggingFaceFolder.isAt(path)) {
            HuggingFaceFolder.requireNoKey(path, weightsKey);
            HuggingFaceFolder folder = HuggingFaceFolder.read(path);
            if (named != null) architecture(path, folder.architecture().name(), named);
            return folder.open();
        }
        Path file = fileOf(path);
        if (!Files.isRegularFile(file)) {
            LimbeckException beside = ForeignFolder.error(path);
            if (beside != null) throw beside;
            String near = MissingFile.meant(file);
            throw new LimbeckException("no model at " + path
                    + (near.isEmpty()
                            ? "; expected a run directory with " + FILE_NAME
                                    + ", a .safetensors file or a PyTorch checkpoint"
                            : near));
        }
        WeightFile weights = WeightFiles.open(file);
        Map<String, String> metadata = new LinkedHashMap<>(weights.metadata());
        Architecture architecture = architecture(file, metadata.remove(ARCHITECTURE), named);
        boolean ours = isOurs(metadata);
        String written = metadata.remove(CLASSES);
        List<String> classNames = ours ? classNames(file.toString(), written) : List.of();
        metadata.remove(FORMAT);
        Task task = task(file, ours ? metadata : Map.of(), classNames);
        metadata.keySet().removeAll(task.toMetadata().keySet());
        if (architecture.pools() && weights.hasFastaiHead()) architecture = architecture.withConcatHead();
        FileNetwork network = FileNetwork.of(
                weights, architecture, weightsKey, classNames.size(), inputs(file, architecture, metadata));
        Module module = network.module();
        try (StateDict state = network.fit().read()) {
            module.load(state);
        } catch (RuntimeException e) {
            module.close();
            throw e;
        }
        int classes = network.classes();
        module.eval();
        List<String> notes = new ArrayList<>(network.fit().notes());
        if (!ours && architecture.givesEmbedding()) task = new Task.Embedding();
        else if (!ours) task = new Task.SingleLabel(foreignNames(file, weights.classNames(), classes, notes));
        notes.forEach(note -> LOG.warn(Printable.line(note)));
        return new SavedModel(
                module,
                architecture.name(),
                task,
                ours || architecture.givesEmbedding(),
                metadata,
                module.sha256(),
                file,
                weightsKey,
                List.copyOf(notes));
    }

    /** Select among the class names that a training script stored beside the weights, and note the selection. */
    private static List<String> foreignNames(Path file, List<ClassNames.Found> found, int classes, List<String> notes) {
        List<ClassNames.Found> fitting =
                found.stream().filter(one -> one.names().size() == classes).toList();
        if (fitting.isEmpty()) {
            found.stream()
                    .findFirst()
                    .ifPresent(one -> notes.add(file + ": its '" + one.key() + "' has "
                            + one.names().size() + " names, its classifier " + classes
                            + " classes; they are ignored"));
            return List.of();
        }
        ClassNames.Found first = fitting.get(0);
        for (ClassNames.Found other : fitting) {
            if (other.names().equals(first.names())) continue;
            notes.add(file + ": its '" + first.key() + "' and its '" + other.key()
                    + "' disagree about its classes; both are ignored");
            return List.of();
        }
        notes.add(file + ": its class names come from its '" + first.key() + "'");
        return first.names();
    }

    /** Return the inputs that a network is made for, if its layers depend on them. */
    private static List<InputSpec> inputs(Path file, Architecture architecture, Map<String, String> metadata) {
        if (!architecture.isSizedByInputs()) return List.of();
        try {
            return Modalities.inputs(metadata);
        } catch (LimbeckException e) {
            throw new LimbeckException(file + ": " + e.getMessage(), e);
        }
    }

    /** Create a network that is no larger than its file. */
    static Module created(WeightFile weights, Architecture architecture, int classes, List<InputSpec> inputs) {
        try {
            List<Long> elements = weights.elements();
            return ElementLimit.within(
                    elements.size(),
                    elements.stream().mapToLong(Long::longValue).sum(),
                    () -> architecture.create(classes, inputs));
        } catch (LimbeckException e) {
            throw new LimbeckException(weights.path() + " is not a " + architecture.name() + ": " + e.getMessage(), e);
        }
    }

    private static Architecture architecture(Path file, @Nullable String stored, @Nullable Architecture named) {
        if (stored == null && named == null) {
            throw new LimbeckException(file
                    + " does not contain its architecture; set it (--arch, for a teacher --teacher-arch) to one of "
                    + String.join(", ", Zoo.names()));
        }
        if (stored != null && named != null && !Bert.Size.areSame(stored, named.name())) {
            throw new LimbeckException(
                    file + " is a " + stored + ", but " + named.name() + " was requested; leave the architecture out");
        }
        return named != null ? named : Zoo.byName(stored);
    }

    /**
     * Parse the class names in a file's metadata.
     *
     * @param stored a JSON list of strings; null for none
     * @throws LimbeckException if it is not such a list
     */
    public static List<String> classNames(String file, @Nullable String stored) {
        if (stored == null) return List.of();
        List<@Nullable String> names;
        try {
            names = JSON.readValue(stored, new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            throw noClassNames(file, e);
        }
        if (names == null || names.contains(null)) throw noClassNames(file, null);
        return List.copyOf(names);
    }

    private static LimbeckException noClassNames(String file, @Nullable Exception cause) {
        return new LimbeckException(
                file
                        + " must store its classes as a JSON list such as [\"cat\", \"dog\"], found other text; export it again",
                cause);
    }

    private static Task task(Path file, Map<String, String> metadata, List<String> names) {
        try {
            return Task.of(metadata, names);
        } catch (LimbeckException e) {
            throw new LimbeckException(file + ": " + e.getMessage() + "; export it again", e);
        }
    }

    /** Return the class names, or the names of the targets; empty if the file has none. */
    public List<String> classNames() {
        return task.names();
    }

    /** Return the same network with other names and preprocessing. Close only one of both. */
    public SavedModel withMetadata(List<String> otherNames, Map<String, String> otherPreparation) {
        return new SavedModel(
                module,
                architecture,
                task.withNames(otherNames),
                knowsTask,
                otherPreparation,
                sha256,
                file,
                weightsKey,
                notes);
    }

    /**
     * Return the task for rows: its own, or theirs if the file does not say one. Numbers are then in the targets' units, as those of
     * TorchScript and ONNX files are.
     *
     * @param rows the task of the rows; a model that does not say its task still has a classifier, so embeddings are not its task
     */
    public Task taskFor(Task rows) {
        if (knowsTask || rows.kind() == Task.Kind.EMBEDDING) return task;
        return Task.of(rows.kind(), task.names().isEmpty() ? rows.names() : task.names());
    }

    /** Return the same network with the task that it has for rows, see {@link #taskFor}. Close only one of both. */
    public SavedModel withTaskFor(Task rows) {
        return new SavedModel(
                module, architecture, taskFor(rows), knowsTask, preprocessing, sha256, file, weightsKey, notes);
    }

    /** Return the number of outputs. */
    public int classes() {
        return task.names().isEmpty()
                ? FileNetwork.outputs(module, Zoo.find(architecture).orElse(null))
                : task.names().size();
    }

    @Override
    public void close() {
        module.close();
    }
}
