package dev.limbeck.train;

/**
 * Follow trainings somewhere: in a file, a program, a service. Name the class in
 * {@code META-INF/services/dev.limbeck.train.Tracker}.
 */
public interface Tracker {
    /** Return the name that {@code --track} takes: letters and digits with dashes between. */
    String name();

    /** Return one line for a list. */
    String summary();

    /**
     * Check a target before the long work begins.
     *
     * @param target what follows the name and a colon, such as a folder or an address; empty if nothing does
     * @throws dev.limbeck.LimbeckException in one line, if nothing can be written there
     */
    default void check(String target) {}

    /**
     * Make the callback that follows one training.
     *
     * @throws dev.limbeck.LimbeckException in one line, if the target cannot be opened
     */
    Callback follow(Tracking training);
}
