package dev.limbeck.distill.loss;

import dev.limbeck.Registry;
import dev.limbeck.Task;
import java.util.List;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/** Look up losses by name: built-in ones and those on the class path. */
public final class Losses {
    private static final Registry<LossType> TYPES =
            Registry.of("loss", LossType.class, LossType::name, LoggerFactory.getLogger(Losses.class)::warn);

    private Losses() {}

    /** Return all losses, the most common first. */
    public static List<LossType> types() {
        return TYPES.all();
    }

    /** Return the loss that is used for a task if none is set. */
    public static LossType defaultFor(Task.Kind task) {
        return byName(
                switch (task) {
                    case SINGLE_LABEL -> "soft-target";
                    case MULTI_LABEL -> "multi-label";
                    case REGRESSION -> "logit-mse";
                    case EMBEDDING -> "embedding-queue";
                });
    }

    public static List<String> names() {
        return TYPES.names();
    }

    /** Return a loss by name, or empty. */
    public static Optional<LossType> find(String name) {
        return TYPES.find(name);
    }

    /**
     * Return a loss by name.
     *
     * @throws dev.limbeck.LimbeckException with the nearest names, if there is none
     */
    public static LossType byName(String name) {
        return TYPES.require(name);
    }
}
