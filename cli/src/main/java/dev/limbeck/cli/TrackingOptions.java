package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.RunContext;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer to follow trainings in TensorBoard; {@code epochs.csv} is written in any case. */
final class TrackingOptions {
    @Option(
            names = "--tensorboard",
            paramLabel = "DIR",
            description = "Folder for TensorBoard's event files; several runs get one each")
    @Nullable
    Path tensorboard;

    /** Let trainings be followed where that was asked for. */
    RunContext into(RunContext context) {
        Path folder = tensorboard;
        if (folder != null && Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new LimbeckException(folder + " is a file, expected a folder; choose another --tensorboard");
        }
        return context.events(folder);
    }
}
