package dev.limbeck.train;

/**
 * Follow trainings in a file, a program or a service. Register an implementation in {@code
 * META-INF/services/dev.limbeck.train.Tracker}.
 */
public interface Tracker {
    /** Return the name that {@code --track} accepts: letters, digits and single dashes. */
    String name();

    /** Return one line that describes this tracker. */
    String summary();

    /**
     * Check a target before training starts.
     *
     * @param target text after the name and a colon, such as a folder or an address; empty if there is none
     * @throws dev.limbeck.LimbeckException with a one-line message, if the target is not writable
     */
    default void check(String target) {}

    /**
     * Create what follows one run. A service that does not answer must not end a training: it is logged, and what was not sent is
     * counted.
     *
     * @throws dev.limbeck.LimbeckException with a one-line message, if the target cannot be opened
     */
    TrackedRun follow(Tracking training);
}
