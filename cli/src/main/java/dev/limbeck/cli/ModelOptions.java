package dev.limbeck.cli;

import dev.limbeck.predict.Predictor;
import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer which trained model to use. */
final class ModelOptions {
    @Option(
            names = "--model",
            required = true,
            description = "A run directory, a .safetensors file or a PyTorch checkpoint (then with --arch).")
    Path model = Path.of("");

    @Option(names = "--arch", description = "Architecture, where the file does not name it.")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            description = "Where in a checkpoint with several sets of weights those to take lie, such as model_ema.")
    @Nullable
    String weightsKey;

    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch), weightsKey);
    }

    /** Open it to classify images. */
    Predictor predictor(LimbeckCommand command) {
        return predictor(command, model, arch, weightsKey);
    }

    /** Open a model to classify images, and say what is assumed if its file does not tell how they are prepared. */
    static Predictor predictor(LimbeckCommand command, Path model, @Nullable String arch, @Nullable String weightsKey) {
        Predictor predictor = Predictor.open(model, arch == null ? null : Zoo.byName(arch), weightsKey);
        if (!predictor.knowsPreparation()) {
            command.tell(model + " does not say how its images were prepared; taking "
                    + predictor.preparation().width() + "×"
                    + predictor.preparation().height()
                    + " and ImageNet's normalisation");
        }
        return predictor;
    }
}
