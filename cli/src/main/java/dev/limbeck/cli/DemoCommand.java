package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.report.Report;
import dev.limbeck.tensor.Engine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "demo",
        description = "Train a teacher, a student without it, and the same student distilled, on generated data.")
final class DemoCommand extends LimbeckCommand {
    @Option(
            names = "--kind",
            paramLabel = "KIND",
            description =
                    "Data: images (shapes), text (requests to a help desk) or table (deliveries) (default: images).")
    DemoKind kind = DemoKind.IMAGES;

    @Option(names = "--quick", description = "A smaller run: images take about 20 seconds instead of 90.")
    boolean quick;

    @Option(names = "--seed", description = "Seed of weights, order and labels (default: 0).")
    long seed;

    @Option(
            names = "--out",
            description = "Folder for the three networks and the report (default: runs/demo, or runs/demo-2, …).")
    @Nullable
    Path out;

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        engine.apply();
        Path folder = folder();
        Demo.Result result = result(kind.settings(quick), folder);
        say("");
        say("%-19s %-15s %9s %11s %9s %9s".formatted("", "network", "accuracy", "parameters", "size", "p50"));
        row("teacher", result.teacher());
        row("student alone", result.alone());
        row("student distilled", result.distilled());
        say("");
        say(verdict(result));
        say("report: " + folder.resolve(Report.NAME));
        return Demo.json(result);
    }

    private Demo.Result result(Demo.Settings settings, Path folder) {
        int before = Engine.threads();
        if (engine.threads == null && settings.data().isSmall()) Engine.setThreads(1);
        try {
            return new Demo(settings, context(engine, null)).run(seed, folder);
        } catch (LimbeckException e) {
            // The folder is this run's own, and the same command must work again.
            FileUtils.deleteQuietly(folder.toFile());
            throw e;
        } finally {
            Engine.setThreads(before);
        }
    }

    /** Create the output folder, which must not exist. */
    private Path folder() {
        Path chosen = out == null ? free() : out;
        try {
            if (Files.exists(chosen)) {
                throw new LimbeckException(chosen + " exists; choose another --out");
            }
            return Files.createDirectories(chosen);
        } catch (IOException e) {
            throw new LimbeckException(
                    "cannot write to " + chosen + " (" + e.getMessage() + "); choose another --out", e);
        }
    }

    private static Path free() {
        Path first = Path.of("runs", "demo");
        Path chosen = first;
        for (int i = 2; Files.exists(chosen); i++) chosen = first.resolveSibling("demo-" + i);
        return chosen;
    }

    private void row(String name, Demo.Outcome outcome) {
        say(String.format(
                Locale.ROOT,
                "%-19s %-15s %9s %,11d %6d KB %6.2f ms",
                name,
                outcome.architecture(),
                Texts.percent(outcome.accuracy()),
                outcome.parameters(),
                Math.round(outcome.bytes() / 1e3),
                outcome.p50Millis()));
    }

    private static String verdict(Demo.Result result) {
        if (Double.isNaN(result.gapClosed())) {
            return "The student without a teacher is as good as the teacher here: there is no gap to close.";
        }
        double points = 100 * (result.distilled().accuracy() - result.alone().accuracy());
        return String.format(
                Locale.ROOT,
                "Distillation changed the student by %+.1f points: %.0f %% of the gap to the teacher (one seed; "
                        + "docs/results.md has more).",
                points,
                100 * result.gapClosed());
    }
}
