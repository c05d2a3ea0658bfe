package dev.limbeck.train;

import java.nio.file.Path;

/**
 * Follow one run for a {@link Tracker}: its training as a callback, then its end. A run that a signal ends calls neither; {@code
 * dev.limbeck.AtExit} can be used for that.
 */
public interface TrackedRun extends Callback {
    @Override
    default boolean inDryRuns() {
        return false;
    }

    /**
     * Receive the complete run. Called once, after the evaluation.
     *
     * @param directory with all files of the run
     */
    default void finished(Path directory) {}

    /**
     * Receive the failure of the run. Called once, in place of {@link #finished}.
     *
     * @param reason one printable line
     */
    default void failed(String reason) {}
}
