package dev.limbeck.recipe;

import dev.limbeck.AtExit;
import dev.limbeck.run.RunDirectory;
import java.util.function.Consumer;

/**
 * Clean up a run directory when the process is interrupted. The directory then holds its last checkpoint, or is
 * removed.
 */
final class ShutdownHook implements AutoCloseable {
    private final AtExit registered;

    ShutdownHook(RunDirectory directory, String howToResume, Consumer<String> log) {
        registered = AtExit.logging(log, () -> {
            if (directory.leavesCheckpoint()) return "interrupted; " + kept(directory, howToResume);
            directory.close();
            return null;
        });
    }

    /** Describe what remains of a run whose directory holds a checkpoint. */
    static String kept(RunDirectory directory, String howToResume) {
        return "the checkpoint of the last finished epoch is saved, " + howToResume + " after " + directory.keptEpoch();
    }

    @Override
    public void close() {
        registered.close();
    }
}
