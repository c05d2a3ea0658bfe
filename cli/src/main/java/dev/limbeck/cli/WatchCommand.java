package dev.limbeck.cli;

import dev.limbeck.AtExit;
import dev.limbeck.report.Watch;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "watch",
        description =
                "Show a run, or a folder of runs, in a browser on this machine while it is trained. Ctrl-C ends it.")
final class WatchCommand extends LimbeckCommand {
    private static final int HIGHEST_PORT = 65_535;

    @Parameters(paramLabel = "RUN", description = "A run, complete or not, or a folder of runs")
    Path place = Path.of("");

    @Option(names = "--port", paramLabel = "N", description = "Port; 0 for a free one (default: 7878)")
    int port = 7878;

    @Override
    Object run() {
        Numbers.atLeast(0, "--port", port);
        if (port > HIGHEST_PORT) throw new WrongOption("--port must be at most " + HIGHEST_PORT + ", found " + port);
        try (Watch watch = Watch.start(place, port);
                AtExit end = AtExit.logging(this::log, () -> {
                    watch.close();
                    return "limbeck: stopped watching";
                })) {
            if (json) terminal().json(Map.of("address", watch.address()));
            say("watching " + place + " at " + watch.address() + " (Ctrl-C ends it)");
            new CountDownLatch(1).await();
        } catch (InterruptedException e) {
            // A program that called this command wants its thread back.
            Thread.currentThread().interrupt();
        }
        return ExitCode.SUCCESS;
    }
}
