package dev.limbeck.cli;

import dev.limbeck.recipe.RunContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options for trackers; {@code epochs.csv} is always written. */
final class TrackingOptions {
    @Option(
            names = "--tensorboard",
            paramLabel = "DIR",
            description = "Folder for TensorBoard event files; one subfolder per run")
    @Nullable
    Path tensorboard;

    @Option(
            names = "--track",
            paramLabel = "NAME[:TARGET]",
            completionCandidates = TrackerNames.class,
            description = "Add a tracker (${COMPLETION-CANDIDATES}); repeatable")
    List<String> trackers = List.of();

    /** Add the requested trackers to a context. */
    RunContext into(RunContext context) {
        List<String> all = new ArrayList<>(trackers);
        if (tensorboard != null) all.add("tensorboard:" + tensorboard);
        return context.track(all);
    }
}
