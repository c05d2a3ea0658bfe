package dev.limbeck;

import org.jspecify.annotations.Nullable;

/**
 * Report something the user can put right: wrong input, a missing file, a model that does not fit. The message is one
 * line that says what was expected, what was found, and what to do.
 */
public class LimbeckException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public LimbeckException(String message) {
        super(message);
    }

    public LimbeckException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
