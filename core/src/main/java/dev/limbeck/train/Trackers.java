package dev.limbeck.train;

import dev.limbeck.NamedTarget;
import dev.limbeck.Registry;
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
     * Create what follows one run.
     *
     * @param spec {@code name} or {@code name:target}
     * @param run to be followed; its target is that of {@code spec}
     */
    public static TrackedRun follow(String spec, Tracking run) {
        NamedTarget named = NamedTarget.of(spec);
        return ALL.require(named.name())
                .follow(new Tracking(
                        target(named), run.run(), run.out(), run.epochs(), run.settings(), run.facts(), run.log()));
    }

    private static String target(NamedTarget named) {
        return named.target() == null ? "" : named.target();
    }
}
