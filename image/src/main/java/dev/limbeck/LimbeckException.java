package dev.limbeck;

import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Report an error that the user can fix: wrong input, a missing file, a model that does not fit. The message is one
 * line: what was expected, what was found, and what to do. Control characters in it are replaced ({@link Printable}).
 */
public class LimbeckException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final int LONGEST_BRIEF = 400;

    public LimbeckException(String message) {
        super(Printable.line(message));
    }

    public LimbeckException(String message, @Nullable Throwable cause) {
        super(Printable.line(message), cause);
    }

    /**
     * Return the beginning of another library's message as one line: its first three lines, because the first alone
     * often ends before what was found and what was expected; at most 400 characters, because native code quotes whole
     * files.
     */
    public static String briefly(Throwable cause) {
        String line = String.valueOf(cause.getMessage())
                .lines()
                .limit(3)
                .map(String::strip)
                .collect(Collectors.joining(" "));
        return line.length() > LONGEST_BRIEF ? line.substring(0, LONGEST_BRIEF) + "…" : line;
    }
}
