package dev.limbeck.image;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Hold what came of one image file among many: a prediction, or the reason why it cannot be read. One of both is null.
 *
 * @param prediction a {@code Prediction}, or the numbers by target
 * @param problem one line that names the file
 */
public record ImageOutcome<P>(
        Path file, @Nullable P prediction, @Nullable String problem) {}
