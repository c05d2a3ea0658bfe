package dev.limbeck.data;

/** Receive the progress of the image check. Called on the thread that builds the data. */
@FunctionalInterface
public interface PrepareProgress {
    /** Report that {@code done} of {@code total} images are finished. */
    void prepared(int done, int total);
}
