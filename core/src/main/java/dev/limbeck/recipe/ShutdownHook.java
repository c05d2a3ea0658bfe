package dev.limbeck.recipe;

import dev.limbeck.AtExit;
import dev.limbeck.run.RunDirectory;
import java.util.function.Consumer;

/** Leave a run directory in order when the program is interrupted: with its last checkpoint, or not at all. */
final class ShutdownHook implements AutoCloseable {
    private final AtExit registered;

    ShutdownHook(RunDirectory directory, String howToResume, Consumer<String> log) {
        registered = AtExit.tell(log, () -> {
            if (directory.leavesCheckpoint()) return "interrupted; " + kept(directory, howToResume);
            directory.close();
            return null;
        });
    }

    /** Say what is left of a run whose directory holds a checkpoint. */
    static String kept(RunDirectory directory, String howToResume) {
        return "the last finished epoch is kept, " + howToResume + " after " + directory.keptEpoch();
    }

    @Override
    public void close() {
        registered.close();
    }
}
