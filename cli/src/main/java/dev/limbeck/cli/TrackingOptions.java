package dev.limbeck.cli;

import dev.limbeck.recipe.RunContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer to follow trainings elsewhere; {@code epochs.csv} is written in any case. */
final class TrackingOptions {
    @Option(
            names = "--tensorboard",
            paramLabel = "DIR",
            description = "Folder for TensorBoard's event files; several runs get one each")
    @Nullable
    Path tensorboard;

    @Option(
            names = "--track",
            paramLabel = "NAME[:TARGET]",
            completionCandidates = TrackerNames.class,
            description = "Follow it by a tracker (${COMPLETION-CANDIDATES}); may be repeated")
    List<String> trackers = List.of();

    /** Let trainings be followed where that was asked for. */
    RunContext into(RunContext context) {
        List<String> all = new ArrayList<>(trackers);
        if (tensorboard != null) all.add("tensorboard:" + tensorboard);
        return context.track(all);
    }
}
