package dev.limbeck.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer how many threads prepare data. */
final class WorkerOptions {
    @Option(
            names = "--workers",
            paramLabel = "N",
            description = "Threads that decode and augment (default: by the cores)")
    @Nullable
    Integer workers;

    /** Return the number, null to choose it. */
    @Nullable
    Integer checked() {
        Numbers.atLeast(1, "--workers", workers);
        return workers;
    }
}
