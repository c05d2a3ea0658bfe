package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Registry;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Look up the runtime for a model file: built-in ones and those on the class path. */
public final class ModelRuntimes {
    private static final Registry<ModelRuntime> ALL = Registry.of(
            "model runtime",
            ModelRuntime.class,
            ModelRuntime::name,
            LoggerFactory.getLogger(ModelRuntimes.class)::warn);

    /** Artifacts that run files with these endings. */
    private static final Map<String, String> OTHERS = Map.of(".onnx", "limbeck-export", ".ubj", "limbeck-xgboost");

    private ModelRuntimes() {}

    /** Return all runtimes. */
    public static List<ModelRuntime> all() {
        return ALL.all();
    }

    /**
     * Return the first runtime that can open a file, or empty.
     *
     * @throws LimbeckException if a jar of Limbeck that is not on the class path can open such files
     */
    public static Optional<ModelRuntime> find(Path file) {
        Optional<ModelRuntime> found =
                ALL.all().stream().filter(runtime -> runtime.runs(file)).findFirst();
        if (found.isPresent()) return found;
        String name = file.toString().toLowerCase(Locale.ROOT);
        OTHERS.forEach((ending, artifact) -> {
            if (!name.endsWith(ending)) return;
            throw new LimbeckException("there is no runtime for " + file + ": put " + artifact + " on the class path");
        });
        return found;
    }

    /**
     * Return the runtime for a file.
     *
     * @throws LimbeckException if there is none
     */
    static ModelRuntime require(Path file) {
        return find(file)
                .orElseThrow(() -> new LimbeckException(file + " is not a TorchScript file"
                        + "; if it contains only weights (a state dict), name its architecture (--teacher-arch), "
                        + "or save the whole model: torch.jit.trace(model, example).save(...)"));
    }
}
