package dev.limbeck.cli;

import dev.limbeck.tensor.Engine;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer where and on how many threads to compute. */
final class EngineOptions {
    @Option(names = "--device", paramLabel = "NAME", description = "auto, cpu, cuda or cuda:N (default: auto)")
    String device = "auto";

    @Option(names = "--threads", paramLabel = "N", description = "Threads one operation may use (default: one a core)")
    @Nullable
    Integer threads;

    /** Apply the thread count, and fail now if the device is not there. */
    void apply() {
        Numbers.atLeast(1, "--threads", threads);
        Engine.device(device);
        if (threads != null) Engine.setThreads(threads);
    }
}
