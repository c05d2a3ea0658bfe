package dev.limbeck.cli;

import dev.limbeck.model.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer what a file of weights may not say: of which architecture they are, and which of several are meant. */
final class CheckpointOptions {
    @Option(names = "--arch", paramLabel = "NAME", description = "Architecture, if the file does not contain it")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            paramLabel = "KEY",
            description = "Which of several sets of weights in a checkpoint, such as model_ema")
    @Nullable
    String weightsKey;

    /** Open a model of the zoo. */
    SavedModel open(Path file) {
        return SavedModel.open(file, arch == null ? null : Zoo.byName(arch), weightsKey);
    }
}
