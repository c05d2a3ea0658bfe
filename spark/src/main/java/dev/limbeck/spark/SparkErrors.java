package dev.limbeck.spark;

import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Say in one line why Spark failed. */
final class SparkErrors {
    /** Spark tells the exceptions of executors as texts. */
    private static final Pattern OURS = Pattern.compile("LimbeckException: ([^\\n]*)");

    private SparkErrors() {}

    static LimbeckException inOneLine(String what, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof LimbeckException ours) return ours;
            Matcher ours = OURS.matcher(String.valueOf(cause.getMessage()));
            if (ours.find()) return new LimbeckException(ours.group(1).strip(), failure);
        }
        String line = String.valueOf(failure.getMessage())
                .lines()
                .filter(words -> !words.isBlank())
                .findFirst()
                .orElse("");
        return new LimbeckException(
                what + " (" + failure.getClass().getSimpleName() + ": " + Printable.line(line) + ")", failure);
    }
}
