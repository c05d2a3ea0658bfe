package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.report.RunReport;
import dev.limbeck.report.RunsReport;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "report",
        description =
                "Write an HTML page about a run: curves, confusion, worst rows, settings. For a folder of runs, a table of them"
                        + " with links.")
final class ReportCommand extends LimbeckCommand {
    @Parameters(paramLabel = "RUN", description = "A run directory, or a folder with run directories")
    Path place = Path.of("");

    @Option(names = "--out", paramLabel = "FILE", description = "Page of a run (default: RUN/report.html)")
    @Nullable
    Path out;

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        engine.apply();
        RunContext context = context(engine, null);
        Path page;
        if (RunReport.isRun(place)) {
            page = RunReport.write(place, out, context);
        } else if (out != null) {
            throw new LimbeckException(
                    place + " is a folder of runs, whose page links to theirs and stays with them; leave --out out");
        } else {
            page = RunsReport.write(place, context);
        }
        say("written to " + page);
        return Map.of("page", page.toString());
    }
}
