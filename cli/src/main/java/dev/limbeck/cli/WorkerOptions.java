package dev.limbeck.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the option for data worker threads. */
final class WorkerOptions {
    @Option(names = "--workers", paramLabel = "N", description = "Decoding threads (default: based on the cores)")
    @Nullable
    Integer workers;

    /** Return the number; null for the default. */
    @Nullable
    Integer checked() {
        Numbers.atLeast(1, "--workers", workers);
        return workers;
    }
}
