package dev.limbeck.zoo;

import java.util.List;
import java.util.Optional;

/**
 * Register architectures of one family by name. Name the class in {@code
 * META-INF/services/dev.limbeck.zoo.ArchitectureFamily}.
 */
public interface ArchitectureFamily {
    /** Return the architectures for lists, with unique names. */
    List<Architecture> architectures();

    /** Return an architecture whose name contains its parameters, such as {@code small-cnn-16-32}, or empty. */
    default Optional<Architecture> variant(String name) {
        return Optional.empty();
    }
}
