package dev.limbeck.recipe;

import dev.limbeck.train.RunDirectory;
import java.util.function.Consumer;

/** Leave a run directory in order when the program is interrupted: with its last checkpoint, or not at all. */
final class OnExit implements AutoCloseable {
    private final Thread hook;

    OnExit(RunDirectory directory, String howToGoOn, Consumer<String> told) {
        hook = new Thread(() -> {
            if (directory.leavesCheckpoint()) {
                told.accept("interrupted; the last finished epoch is kept, " + howToGoOn);
            } else {
                directory.close();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The machine is shutting down already, and the hook is at work.
        }
    }
}
