package dev.limbeck.cli;

import dev.limbeck.compare.Sweep;
import dev.limbeck.fit.Budget;
import dev.limbeck.fit.Cost;
import dev.limbeck.fit.Costs;
import dev.limbeck.fit.Fit;
import dev.limbeck.fit.FitResult;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.report.ParetoPicture;
import dev.limbeck.train.Metric;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "fit",
        optionListHeading = "Budget",
        description = "Find the best student within a budget: measure networks in ONNX Runtime, distill those within "
                + "it by successive halving, confirm the winner on fresh seeds. Continues a previous call.")
final class FitCommand extends TrackedCommand {
    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "A YAML file for what is not searched.")
    @Nullable
    Path file;

    @Option(names = "--max-ms", paramLabel = "MS", description = "Largest median latency of one row")
    @Nullable
    Double millis;

    @Option(names = "--max-mb", paramLabel = "MB", description = "Largest ONNX file, in 10⁶ bytes")
    @Nullable
    Double megabytes;

    @Option(
            names = "--students",
            split = ",",
            paramLabel = "ARCH,…",
            hideParamSyntax = true,
            description = "Students to try, by name or file (default: the zoo, narrower where above the budget)")
    List<String> students = List.of();

    @Option(names = "--onnx-threads", paramLabel = "N", description = "Threads of ONNX Runtime (default: 0, all cores)")
    int threads;

    @Option(names = "--costs", paramLabel = "FILE", description = "Latencies measured elsewhere (costs.json)")
    @Nullable
    Path costs;

    @Option(names = "--measure", description = "Only measure, and write costs.json")
    boolean measureOnly;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds for each network (default: 1)")
    int seeds = 1;

    @Option(names = "--confirm", paramLabel = "N", description = "Fresh seeds for the winner, or 0 (default: 3)")
    int confirm = 3;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the fit; existing runs are reused")
    Path out = Path.of("");

    @Override
    Object run() {
        Numbers.atLeast(0, "--onnx-threads", threads);
        Numbers.atLeast(1, "--seeds", seeds);
        Numbers.atLeast(0, "--confirm", confirm);
        if (measureOnly && costs != null)
            throw new WrongOption("--measure measures here, found --costs too; leave one out");
        onlyIf(
                costs == null,
                "is for measuring here, found --costs, which was measured; leave it out",
                "--onnx-threads");
        onlyIf(
                !measureOnly,
                "is for trainings, found --measure, which trains nothing; leave it out",
                "--seeds",
                "--confirm",
                "--tensorboard",
                "--track");
        Budget budget = WrongOption.in(() -> new Budget(millis, megabytes));
        Recipe base =
                options.recipe(this, file, file == null, students.isEmpty() ? Zoo.RESNET18.name() : students.get(0));
        RunContext context = context();
        Fit fit = new Fit(base, budget, out, context).threads(threads).seeds(seeds, confirm);
        if (!students.isEmpty()) WrongOption.in(() -> fit.among(students));
        if (costs != null) fit.costs(costs);
        if (measureOnly) return measured(fit.measure(), budget);
        FitResult result = fit.run();
        show(result);
        say("");
        say("chosen: " + words(result.winner()) + " of " + result.budget());
        say("latencies: ONNX Runtime, " + result.machine());
        say("recipe: " + out.resolve(Sweep.BEST_NAME));
        sayWritten(() -> "picture: " + picture(result, budget));
        SweepCommand.showConfirmed(this, result.sweep(), out, context);
        return result;
    }

    private static String row(
            String student, String millis, String megabytes, String macs, String epochs, String valid) {
        return Texts.format("%-24s %9s %9s %10s %8s %12s", student, millis, megabytes, macs, epochs, valid);
    }

    private static String row(Cost cost, String epochs, String valid) {
        return row(
                cost.student(),
                Double.isNaN(cost.millis()) ? "-" : Texts.format("%.2f", cost.millis()),
                Texts.format("%.2f", cost.bytes() / 1e6),
                Texts.format("%.1f", cost.macs() / 1e6),
                epochs,
                valid);
    }

    private static String words(Cost cost) {
        return cost.student()
                + (Double.isNaN(cost.millis()) ? "" : Texts.format(", %.2f ms", cost.millis()))
                + Texts.format(", %.2f MB", cost.bytes() / 1e6);
    }

    private Costs measured(Costs measured, Budget budget) {
        say(row("", "ms", "MB", "MMACs", "", ""));
        for (Cost cost : measured.costs()) say(row(cost, "", budget.allows(cost) ? "within" : ""));
        say("written to " + out.resolve(Costs.NAME));
        return measured;
    }

    private void show(FitResult result) {
        String metric = result.sweep().metric();
        say(row("", "ms", "MB", "MMACs", "epochs", "validation"));
        for (FitResult.Candidate candidate : result.candidates()) {
            say(row(
                    candidate.cost(),
                    candidate.isTrained() ? String.valueOf(candidate.epochs()) : "-",
                    !candidate.isTrained()
                            ? "above"
                            : Double.isNaN(candidate.valid()) ? "diverged" : Metric.text(metric, candidate.valid())));
        }
    }

    /** Draw latencies, or sizes if nothing limits the latency. */
    private Path picture(FitResult result, Budget budget) {
        boolean timed = budget.millis() != null;
        int most = result.candidates().stream()
                .mapToInt(FitResult.Candidate::epochs)
                .max()
                .orElse(0);
        List<ParetoPicture.Point> points = result.candidates().stream()
                .filter(candidate -> candidate.isTrained() && !Double.isNaN(candidate.valid()))
                .map(candidate -> new ParetoPicture.Point(
                        // A network that was dropped early would have become better.
                        candidate.cost().student()
                                + (candidate.epochs() == most
                                        ? ""
                                        : " (" + candidate.epochs() + " of " + most + " epochs)"),
                        timed ? candidate.cost().millis() : candidate.cost().bytes() / 1e6,
                        candidate.valid(),
                        candidate.epochs() == most))
                .toList();
        Metric metric = Metric.find(result.sweep().metric()).orElseThrow();
        return ParetoPicture.write(
                points,
                metric,
                timed ? "milliseconds of one row" : "MB",
                timed ? budget.millis() : budget.megabytes(),
                out);
    }
}
