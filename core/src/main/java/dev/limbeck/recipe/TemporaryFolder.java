package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Create folders and files below the system's folder for temporary files. */
public final class TemporaryFolder {
    private TemporaryFolder() {}

    /**
     * Create an empty folder, which the caller deletes.
     *
     * @throws LimbeckException if the system's folder cannot be written
     */
    public static Path create() {
        try {
            return Files.createTempDirectory("limbeck-");
        } catch (IOException e) {
            throw new LimbeckException(
                    "cannot write to the folder for temporary files (" + e.getMessage()
                            + "); choose another (LIMBECK_JAVA_OPTS=-Djava.io.tmpdir=DIR)",
                    e);
        }
    }
}
