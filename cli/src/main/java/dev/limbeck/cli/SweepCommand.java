package dev.limbeck.cli;

import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.compare.SearchSpace;
import dev.limbeck.compare.Sweep;
import dev.limbeck.compare.SweepResult;
import dev.limbeck.data.Shard;
import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.report.Report;
import dev.limbeck.report.SweepPicture;
import dev.limbeck.train.Metric;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "sweep",
        optionListHeading = "Search",
        description = "Search temperature, weight, loss and schedule by the validation metric, and "
                + "confirm the winner on fresh seeds and the test split. Continues a previous call.")
final class SweepCommand extends TrackedCommand {
    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "A YAML file for what is not searched.")
    @Nullable
    Path file;

    @Option(
            names = "--temperatures",
            split = ",",
            paramLabel = "T,…",
            hideParamSyntax = true,
            description = "4 or linear:8..2 (default: 2,3,5,10,20)")
    @Nullable
    List<String> temperatures;

    @Option(
            names = "--kd-weights",
            split = ",",
            paramLabel = "W,…",
            hideParamSyntax = true,
            description = "0.5 or cosine:1..0 (default: 0.3,0.5,0.7,0.9)")
    @Nullable
    List<String> weights;

    @Option(
            names = "--losses",
            split = ",",
            paramLabel = "LOSS,…",
            hideParamSyntax = true,
            description = "Losses (default: the recipe's)")
    List<String> losses = List.of();

    @Option(
            names = "--schedules",
            split = ",",
            paramLabel = "NAME,…",
            hideParamSyntax = true,
            description = "Learning-rate schedules (default: the recipe's)")
    List<String> schedules = List.of();

    @Option(
            names = "--students",
            split = ",",
            paramLabel = "ARCH,…",
            hideParamSyntax = true,
            description = "Students, by name (default: the recipe's)")
    List<String> students = List.of();

    @Option(
            names = "--inits",
            split = ",",
            paramLabel = "INIT,…",
            hideParamSyntax = true,
            description = "Starts: random, teacher (default: recipe's)")
    List<String> inits = List.of();

    @Option(names = "--strategy", paramLabel = "NAME", description = "grid (default), random, halving (drops worst)")
    String strategy = "grid";

    @Option(names = "--trials", paramLabel = "N", description = "Combinations that random draws (default: 8)")
    int trials = 8;

    @Option(names = "--seeds", paramLabel = "N", description = "Seeds for each combination (default: 1)")
    int seeds = 1;

    @Option(names = "--confirm", paramLabel = "N", description = "Fresh seeds for the winner, or 0 (default: 3)")
    int confirm = 3;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the sweep; existing runs are reused")
    Path out = Path.of("");

    @Mixin
    ShardOptions shards = new ShardOptions();

    private static boolean usesTemperatures(SearchSpace space, Recipe base) {
        SearchSpace without = new SearchSpace(
                List.of(), space.weights(), space.losses(), space.schedules(), space.students(), space.starts());
        return !space.recipes(base).keySet().equals(without.recipes(base).keySet());
    }

    @Override
    Object run() {
        Numbers.atLeast(1, "--trials", trials);
        Numbers.atLeast(1, "--seeds", seeds);
        Numbers.atLeast(0, "--confirm", confirm);
        Sweep.Strategy chosen = WrongOption.in(() -> Sweep.Strategy.of(strategy));
        onlyIf(
                chosen == Sweep.Strategy.RANDOM,
                "is how many combinations random draws, found --strategy " + strategy
                        + ", which takes all; leave it out",
                "--trials");
        Optional<Shard> shard = shards.shard();
        Recipe base = options.recipe(this, file, file == null);
        SearchSpace defaults = SearchSpace.defaults();
        SearchSpace space = new SearchSpace(
                schedules(temperatures, defaults.temperatures()),
                schedules(weights, defaults.weights()),
                losses,
                schedules,
                students,
                WrongOption.in(() -> inits.stream().map(Recipe.Start::of).toList()));
        if (temperatures != null && !usesTemperatures(space, base)) {
            throw new WrongOption("--temperatures are used by none of the losses; leave them out, or add a loss with a "
                    + "temperature, such as soft-target (--losses)");
        }
        RunContext context = context();
        Sweep sweep = new Sweep(base, space, chosen, trials, seeds, confirm, out, context);
        if (shard.isPresent()) return ShardOptions.show(this, sweep.run(shard.get()));
        SweepResult result = sweep.run();
        int width = result.trials().stream()
                .mapToInt(trial -> trial.name().length())
                .max()
                .orElse(1);
        String row = "%-" + width + "s %8s %12s%s";
        say(Texts.format(row, "", "epochs", "validation", ""));
        for (SweepResult.Trial trial : result.trials()) {
            say(Texts.format(
                    row,
                    trial.name(),
                    trial.epochs(),
                    trial.diverged() ? "diverged" : Metric.text(result.metric(), trial.valid()),
                    trial.dropped() ? "  dropped" : ""));
        }
        say("");
        say("chosen: " + result.winner());
        say("recipe: " + out.resolve(Sweep.BEST_NAME));
        sayWritten(() -> "picture: " + SweepPicture.write(result, out));
        showConfirmed(this, result, out, context);
        return result;
    }

    /** Print the confirmation of a winner, and write its report. */
    static void showConfirmed(LimbeckCommand to, SweepResult result, Path out, RunContext context) {
        ComparisonResult confirmed = result.confirmed();
        if (confirmed == null) {
            to.say("not confirmed: the values above selected it, so they are optimistic");
            return;
        }
        to.say("");
        to.say("confirmed on fresh seeds:");
        CompareCommand.show(to, confirmed);
        Path folder = out.resolve(result.confirmFolder());
        to.sayWritten(() -> "open " + Report.write(confirmed, folder, context));
    }

    private static List<Schedule> schedules(@Nullable List<String> given, List<Schedule> defaults) {
        return given == null
                ? defaults
                : WrongOption.in(() -> given.stream().map(Schedule::of).toList());
    }
}
