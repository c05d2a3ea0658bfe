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

    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch));
    }

    /** Open it to classify images. */
    Predictor predictor(LimbeckCommand command) {
        return predictor(command, model, arch);
    }

    /** Open a model to classify images, and say what is assumed if its file does not tell how they are prepared. */
    static Predictor predictor(LimbeckCommand command, Path model, @Nullable String arch) {
        Predictor predictor = Predictor.open(model, arch == null ? null : Zoo.byName(arch));
        if (!predictor.knowsPreparation()) {
            command.tell(model + " does not say how its images were prepared; taking "
                    + predictor.preparation().width() + "×"
                    + predictor.preparation().height()
                    + " and ImageNet's normalisation");
        }
        return predictor;
    }
}
