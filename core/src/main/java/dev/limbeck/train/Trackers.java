package dev.limbeck.train;

import dev.limbeck.NamedTarget;
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
        NamedTarget named = NamedTarget.of(spec);
        ALL.require(named.name()).check(target(named));
    }

    /**
     * Create the callback that follows one training.
     *
     * @param spec {@code name} or {@code name:target}
     */
    public static Callback follow(String spec, String run, Path epochs) {
        NamedTarget named = NamedTarget.of(spec);
        return ALL.require(named.name()).follow(new Tracking(target(named), run, epochs));
    }

    private static String target(NamedTarget named) {
        return named.target() == null ? "" : named.target();
    }
}
