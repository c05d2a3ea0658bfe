package dev.limbeck.zoo;

import java.util.List;
import java.util.Optional;

/**
 * Offer architectures of one family by name. Name the class in
 * {@code META-INF/services/dev.limbeck.zoo.ArchitectureFamily}.
 */
public interface ArchitectureFamily {
    /** Return the architectures that lists show, each with a name of its own. */
    List<Architecture> architectures();

    /** Return an architecture whose name carries its measures, such as {@code small-cnn-16-32}, or nothing if none has it. */
    default Optional<Architecture> variant(String name) {
        return Optional.empty();
    }
}
