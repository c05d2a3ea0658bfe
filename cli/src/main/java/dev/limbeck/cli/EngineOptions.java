package dev.limbeck.cli;

import dev.limbeck.tensor.Engine;
import picocli.CommandLine.Option;

/** Offer where and on how many threads to compute. */
final class EngineOptions {
    @Option(names = "--device", defaultValue = "auto", description = "auto, cpu, cuda or cuda:N (default: auto).")
    String device = "auto";

    @Option(names = "--threads", description = "Threads one operation may use (default: as many as there are cores).")
    int threads;

    /** Apply the thread count, and fail now if the device is not there. */
    void apply() {
        if (threads != 0) Engine.setThreads(threads);
        Engine.device(device);
    }
}
