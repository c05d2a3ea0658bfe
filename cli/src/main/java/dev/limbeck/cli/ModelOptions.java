package dev.limbeck.cli;

import dev.limbeck.model.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer which trained model to use. */
final class ModelOptions {
    static final String KINDS = "Run, safetensors, checkpoint (with --arch), TorchScript, ONNX";

    @Option(names = "--model", required = true, paramLabel = "FILE", description = KINDS)
    Path model = Path.of("");

    @Option(names = "--arch", paramLabel = "NAME", description = "Architecture, where the file does not name it")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            paramLabel = "KEY",
            description = "Which of several sets of weights in a checkpoint, such as model_ema")
    @Nullable
    String weightsKey;

    /** Open one of the zoo's. */
    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch), weightsKey);
    }
}
