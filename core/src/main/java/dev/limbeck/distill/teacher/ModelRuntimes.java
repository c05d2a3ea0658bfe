package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.Registry;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Look up the runtime for a model file: built-in ones and those on the class path. */
public final class ModelRuntimes {
    private static final Registry<ModelRuntime> ALL = Registry.of(
            "model runtime",
            ModelRuntime.class,
            ModelRuntime::name,
            LoggerFactory.getLogger(ModelRuntimes.class)::warn);

    private ModelRuntimes() {}

    /** Return all runtimes. */
    public static List<ModelRuntime> all() {
        return ALL.all();
    }

    /** Return the first runtime that can open a file, or empty. */
    public static Optional<ModelRuntime> find(Path file) {
        return ALL.all().stream().filter(runtime -> runtime.runs(file)).findFirst();
    }

    /**
     * Return the runtime for a file.
     *
     * @throws LimbeckException if there is none
     */
    static ModelRuntime require(Path file) {
        return find(file)
                .orElseThrow(() -> new LimbeckException(file + " is not a TorchScript file"
                        + (file.toString().endsWith(".onnx")
                                ? ", and there is no runtime for ONNX: put limbeck-export on the class path"
                                : "; if it contains only weights (a state dict), name its architecture (--teacher-arch), "
                                        + "or save the whole model: torch.jit.trace(model, example).save(...)")));
    }
}
