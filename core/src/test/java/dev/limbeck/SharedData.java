package dev.limbeck;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Find the optional folder of real data: system property limbeck.shared, environment variable LIMBECK_SHARED, or a
 * folder nearby.
 */
public final class SharedData {
    private SharedData() {}

    /** Return a file or folder of the shared data if it exists. */
    public static Optional<Path> find(String relative) {
        return Stream.of(
                        System.getProperty("limbeck.shared"),
                        System.getenv("LIMBECK_SHARED"),
                        "../shared",
                        "../../shared")
                .filter(Objects::nonNull)
                .map(root -> Path.of(root).resolve(relative))
                .filter(Files::exists)
                .findFirst();
    }
}
