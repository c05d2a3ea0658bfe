package dev.limbeck.cli;

import dev.limbeck.model.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer which trained model to use. */
final class ModelOptions {
    static final String KINDS =
            "A run directory, a .safetensors file, a PyTorch checkpoint (then with --arch), a TorchScript "
                    + "or an ONNX file.";

    @Option(names = "--model", required = true, description = KINDS)
    Path model = Path.of("");

    @Option(names = "--arch", description = "Architecture, where the file does not name it.")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            description = "Where in a checkpoint with several sets of weights those to take lie, such as model_ema.")
    @Nullable
    String weightsKey;

    /** Open one of the zoo's. */
    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch), weightsKey);
    }
}
