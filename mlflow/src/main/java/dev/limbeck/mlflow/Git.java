package dev.limbeck.mlflow;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** Ask Git about the current folder. */
final class Git {
    private static final int LONGEST_SECONDS = 2;

    private Git() {}

    /** Return the commit that is checked out in the current folder; empty without Git, or outside of its repositories. */
    static Optional<String> commit() {
        Process git = null;
        try {
            git = new ProcessBuilder("git", "rev-parse", "HEAD")
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (!git.waitFor(LONGEST_SECONDS, TimeUnit.SECONDS) || git.exitValue() != 0) return Optional.empty();
            String said = new String(git.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip();
            return said.matches("[0-9a-f]{40,64}") ? Optional.of(said) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            if (git != null) git.destroy();
        }
    }
}
