package dev.limbeck.train;

import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Hold what a tracker needs to know about a run: this is all it gets, since it knows nothing of recipes.
 *
 * @param target text after the tracker's name and a colon; empty if there is none
 * @param run name of the run within one command, such as {@code alone/seed-0}; empty for a single run
 * @param out the run directory once it is complete
 * @param epochs path of {@code epochs.csv} in the run directory; trackers write only this file and {@link #notes} there
 * @param settings of the run by their dotted names, such as {@code training.epochs}
 * @param facts about the run by name, such as {@code limbeck} (the version), {@code data} and {@code teacher}
 * @param log receives lines for the user
 */
public record Tracking(
        String target,
        String run,
        Path out,
        Path epochs,
        Map<String, String> settings,
        Map<String, String> facts,
        Consumer<String> log) {
    /** Return what trackers remember of this run when it is resumed. */
    public TrackerNotes notes() {
        return new TrackerNotes(epochs.resolveSibling(TrackerNotes.NAME));
    }
}
