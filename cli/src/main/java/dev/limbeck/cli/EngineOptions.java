package dev.limbeck.cli;

import dev.limbeck.distributed.Rendezvous;
import dev.limbeck.tensor.Engine;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Provide the options for device and threads. */
final class EngineOptions {
    @Option(names = "--device", paramLabel = "NAME", description = "auto, cpu, cuda or cuda:N (default: auto)")
    String device = "auto";

    @Option(names = "--threads", paramLabel = "N", description = "Threads per operation (default: one per core)")
    @Nullable
    Integer threads;

    /** Apply the number of threads, and fail early if the device does not exist. */
    void apply() {
        Numbers.atLeast(1, "--threads", threads);
        // torchrun starts one process for each GPU of a machine.
        OptionalInt local = Rendezvous.localRank(System.getenv());
        if (local.isPresent() && device.equals("auto") && Engine.cudaDevices() > 1) device = "cuda:" + local.getAsInt();
        if (!Engine.isDeviceName(device)) throw new WrongOption(Engine.expectedDevice(device));
        Engine.device(device);
        if (threads != null) Engine.setThreads(threads);
    }
}
