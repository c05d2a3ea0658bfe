package dev.limbeck.cli;

import dev.limbeck.model.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options to choose a trained model. */
final class ModelOptions {
    static final String KINDS = "Run, safetensors, checkpoint (with --arch), TorchScript, ONNX";

    @Option(names = "--model", required = true, paramLabel = "FILE", description = KINDS)
    Path model = Path.of("");

    @Option(names = "--arch", paramLabel = "NAME", description = "Architecture, if the file does not contain it")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            paramLabel = "KEY",
            description = "Which of several sets of weights in a checkpoint, such as model_ema")
    @Nullable
    String weightsKey;

    /** Open a zoo model. */
    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch), weightsKey);
    }
}
