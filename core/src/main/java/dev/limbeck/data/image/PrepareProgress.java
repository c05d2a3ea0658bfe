package dev.limbeck.data.image;

/** Follow the pass that checks all images before training; called on the thread that builds the data. */
@FunctionalInterface
public interface PrepareProgress {
    /** Take note that this many of all images are done. */
    void prepared(int done, int total);
}
