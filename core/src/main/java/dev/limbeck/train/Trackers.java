package dev.limbeck.train;

import dev.limbeck.Registry;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.LoggerFactory;

/** Look up trackers by name: built-in ones and those on the class path. */
public final class Trackers {
    private static final Registry<Tracker> ALL =
            Registry.of("tracker", Tracker.class, Tracker::name, LoggerFactory.getLogger(Trackers.class)::warn);

    private Trackers() {}

    /** Return all trackers. */
    public static List<Tracker> all() {
        return ALL.all();
    }

    public static List<String> names() {
        return ALL.names();
    }

    /**
     * Check {@code name} or {@code name:target}.
     *
     * @throws dev.limbeck.LimbeckException if there is no such tracker, or its target is not writable
     */
    public static void check(String spec) {
        ALL.require(name(spec)).check(target(spec));
    }

    /**
     * Create the callback that follows one training.
     *
     * @param spec {@code name} or {@code name:target}
     */
    public static Callback follow(String spec, String run, Path epochs) {
        return ALL.require(name(spec)).follow(new Tracking(target(spec), run, epochs));
    }

    private static String name(String spec) {
        int colon = spec.indexOf(':');
        return colon < 0 ? spec : spec.substring(0, colon);
    }

    private static String target(String spec) {
        int colon = spec.indexOf(':');
        return colon < 0 ? "" : spec.substring(colon + 1);
    }
}
