package dev.limbeck.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.MissingFile;
import dev.limbeck.data.Data;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Open a trained model: a run directory, a safetensors file that Limbeck wrote, or a PyTorch checkpoint of a known
 * architecture. It owns the module.
 *
 * @param architecture name in the zoo
 * @param classNames empty if the file does not say
 * @param preparation how inputs were prepared, as {@link Data#preparation} tells it; empty if the file does not say
 * @param sha256 over weights and buffers
 * @param file where the weights were read from
 */
public record SavedModel(
        Module module,
        String architecture,
        List<String> classNames,
        Map<String, String> preparation,
        String sha256,
        Path file)
        implements AutoCloseable {
    /** The name of the weights file in a run directory. */
    public static final String FILE_NAME = "model.safetensors";

    /** ImageNet-21k has 21,843; a damaged file must not make a network of any size. */
    private static final int MOST_CLASSES = 100_000;

    private static final String FORMAT = "limbeck";
    private static final String ARCHITECTURE = "architecture";
    private static final String CLASSES = "classes";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** Return the metadata that rebuilds a model: architecture, class names, preparation of inputs. */
    static Map<String, String> metadata(String architecture, Data data) {
        return metadata(architecture, data.classNames(), data.preparation());
    }

    /** Return what a file must carry to rebuild a model, or to tell others about it. */
    public static Map<String, String> metadata(
            String architecture, List<String> classNames, Map<String, String> preparation) {
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(FORMAT, "1");
        metadata.put(ARCHITECTURE, architecture);
        try {
            if (!classNames.isEmpty()) metadata.put(CLASSES, JSON.writeValueAsString(classNames));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of strings is always JSON", e);
        }
        metadata.putAll(preparation);
        return metadata;
    }

    /** Return what a file must carry beside the weights so that {@link #open} rebuilds this model. */
    public Map<String, String> metadata() {
        return metadata(architecture, classNames, preparation);
    }

    /**
     * Open a model.
     *
     * @param path a run directory, a {@code .safetensors} file, or a PyTorch checkpoint
     * @param named the architecture, needed where the file does not name it
     * @throws LimbeckException if it is not there, is broken, or does not fit the architecture
     */
    public static SavedModel open(Path path, @Nullable Architecture named) {
        Path file = Files.isDirectory(path) ? path.resolve(FILE_NAME) : path;
        if (!Files.isRegularFile(file)) {
            String near = MissingFile.meant(file);
            throw new LimbeckException("no model at " + path
                    + (near.isEmpty()
                            ? "; expected a run directory with " + FILE_NAME
                                    + ", a .safetensors file or a PyTorch checkpoint"
                            : near));
        }
        try (StateDict state = WeightFiles.read(file)) {
            Map<String, String> metadata = new LinkedHashMap<>(state.metadata());
            Architecture architecture = architecture(file, metadata.remove(ARCHITECTURE), named);
            List<String> classNames = classNames(file, metadata.remove(CLASSES));
            metadata.remove(FORMAT);
            int classes = classes(file, architecture, state);
            if (!classNames.isEmpty() && classNames.size() != classes) {
                throw new LimbeckException(
                        file + " names " + classNames.size() + " classes, but its classifier has " + classes);
            }
            Module module = architecture.create(classes);
            try {
                module.load(state);
            } catch (LimbeckException e) {
                module.close();
                throw new LimbeckException(file + ": " + e.getMessage(), e);
            }
            module.eval();
            return new SavedModel(module, architecture.name(), classNames, metadata, module.sha256(), file);
        }
    }

    private static Architecture architecture(Path file, @Nullable String stored, @Nullable Architecture named) {
        if (stored == null && named == null) {
            throw new LimbeckException(
                    file + " does not say its architecture; name it (--arch, for a teacher --teacher-arch), one of "
                            + String.join(", ", Zoo.names()));
        }
        if (stored != null && named != null && !stored.equals(named.name())) {
            throw new LimbeckException(
                    file + " holds a " + stored + ", but " + named.name() + " was asked for; name none");
        }
        return named != null ? named : Zoo.byName(stored);
    }

    /**
     * Read the class names of a file's metadata.
     *
     * @param stored a JSON list of strings; null for none
     * @throws LimbeckException if it is anything else
     */
    public static List<String> classNames(Path file, @Nullable String stored) {
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

    private static LimbeckException noClassNames(Path file, @Nullable Exception cause) {
        return new LimbeckException(file + " has class names that are not a JSON list of strings", cause);
    }

    /** Read the number of classes off the classifier: the last matrix of the file. */
    private static int classes(Path file, Architecture architecture, StateDict state) {
        String classifier = null;
        for (String name : state.names()) {
            Tensor tensor = state.get(name);
            if (name.endsWith(".weight") && tensor.dim() == 2 && tensor.numel() > 0) classifier = name;
        }
        if (classifier == null) {
            throw new LimbeckException(file + " has no classifier weight (a matrix); it is no " + architecture.name());
        }
        long classes = state.get(classifier).size(0);
        if (classes > MOST_CLASSES) {
            throw new LimbeckException(file + " has a classifier '" + classifier + "' of " + classes
                    + " classes, more than " + MOST_CLASSES + "; it is no " + architecture.name());
        }
        return (int) classes;
    }

    /** Return the same network, told otherwise what its classes are called and how inputs are prepared; close one of both. */
    public SavedModel told(List<String> otherNames, Map<String, String> otherPreparation) {
        return new SavedModel(module, architecture, otherNames, otherPreparation, sha256, file);
    }

    /** Return the number of logits. */
    public int classes() {
        Tensor last = null;
        for (Tensor parameter : module.parameters().values()) {
            if (parameter.dim() == 2) last = parameter;
        }
        return last == null ? 0 : Math.toIntExact(last.size(0));
    }

    @Override
    public void close() {
        module.close();
    }
}
