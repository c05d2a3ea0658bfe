package dev.limbeck.train;

import java.nio.file.Path;

/** Write the weights after every epoch, so that an interrupted run leaves the last finished epoch. */
public final class Checkpoint implements Callback {
    private final Path file;

    /** Write to a safetensors file, which is replaced each time. */
    public Checkpoint(Path file) {
        this.file = file;
    }

    @Override
    public void afterEpoch(Fit fit) {
        fit.learner().save(file);
    }
}
