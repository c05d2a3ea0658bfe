package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.compare.Comparison;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.Shard;
import dev.limbeck.evaluate.Fidelity;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.report.Report;
import dev.limbeck.train.Metric;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "compare",
        optionListHeading = "Comparison",
        description = "Train a student without a teacher and with recipes over paired seeds, and test the differences. "
                + "Continues a previous call with the same --out.")
final class CompareCommand extends TrackedCommand {
    /** Name of the recipe that shows what a start from the teacher adds; no gate judges it. */
    private static final String CONTROL = "distilled-random";

    @Parameters(arity = "0..*", paramLabel = "RECIPE", description = "YAML files; without any, options say it all.")
    List<Path> files = List.of();

    @Option(names = "--seeds", paramLabel = "N", description = "Number of paired seeds (default: 5)")
    int seeds = 5;

    @Option(
            names = "--out",
            required = true,
            paramLabel = "DIR",
            description = "Folder of the comparison; runs are reused")
    Path out = Path.of("");

    @Option(names = "--fail-unless", paramLabel = "WHAT", description = "Fail unless each recipe helped, or not-hurt")
    @Nullable
    Wanted wanted;

    @Mixin
    GateReports reports = new GateReports();

    @Mixin
    ShardOptions shards = new ShardOptions();

    /** Name what the differences to the student without a teacher must show. */
    enum Wanted {
        HELPED {
            @Override
            boolean isIn(Interval difference) {
                return difference.isPositive();
            }
        },
        NOT_HURT {
            @Override
            boolean isIn(Interval difference) {
                // False also for NaN: without an interval, nothing is known.
                return difference.high() >= 0;
            }
        };

        abstract boolean isIn(Interval difference);
    }

    private void judge(ComparisonResult result) {
        if (wanted == null) return;
        List<Gate> gates = new ArrayList<>();
        for (ComparisonResult.Variant variant : result.variants()) {
            Interval difference = variant.difference();
            if (difference == null || files.isEmpty() && variant.name().equals(CONTROL)) continue;
            String word = Numbers.word(wanted);
            gates.add(new Gate(
                    variant.name() + " " + word,
                    wanted.isIn(difference) ? null : variant.sentence() + "; --fail-unless wants " + word));
        }
        reports.judge(this, "limbeck compare", gates);
    }

    @Override
    Object run() {
        Numbers.atLeast(1, "--seeds", seeds);
        reports.check(wanted != null, "--fail-unless");
        Optional<Shard> shard = shards.shard();
        if (shard.isPresent() && wanted != null) {
            throw new WrongOption(
                    "--fail-unless judges the whole comparison, found --shard too; give it to the command that gathers");
        }
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        if (files.isEmpty()) {
            Recipe distilled = options.recipe(this, null, true);
            recipes.put("distilled", distilled);
            // Whoever starts from the teacher wants to know what that adds.
            if (distilled.init() != null) recipes.put(CONTROL, distilled.startingFrom(Recipe.Start.RANDOM));
        }
        for (Path file : files) {
            String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
            if (recipes.put(name, options.recipe(this, file, false)) != null) {
                throw new LimbeckException("two recipes are called " + name + "; rename one of the files");
            }
        }
        Long seed = (Long) options.settings.value("training.seed");
        long first = seed == null ? 0 : seed;
        RunContext context = context();
        Comparison comparison = new Comparison(recipes, seeds, first, out, context);
        if (shard.isPresent()) return ShardOptions.show(this, comparison.run(shard.get()));
        ComparisonResult result = comparison.run();
        show(this, result);
        sayWritten(() -> "written to " + out + "; open " + Report.write(result, out, context));
        judge(result);
        return result;
    }

    static void show(LimbeckCommand to, ComparisonResult result) {
        for (ComparisonResult.TeacherResult teacher : result.teachers()) {
            to.say(Texts.format("teacher %s: %s", teacher.title(), Metric.text(result.metric(), teacher.value())));
        }
        result.facts().forEach(to::say);
        to.say("");
        to.say(Texts.format(
                "%-16s %18s %18s %11s %8s %16s",
                result.metric().replace('_', ' '), "last epoch", "best epoch", "as teacher", "ECE", "seconds per run"));
        double base = result.machines().size() > 1
                ? Double.NaN
                : result.variants().get(0).seconds();
        for (ComparisonResult.Variant variant : result.variants()) {
            Fidelity fidelity = variant.report().fidelity();
            to.say(Texts.format(
                    "%-16s %18s %18s %11s %8s %9.1f%s",
                    variant.name(),
                    spread(result.metric(), variant.value()),
                    spread(result.metric(), variant.bestValue()),
                    fidelity == null ? "-" : agreement(fidelity),
                    variant.report().calibration() == null
                            ? "-"
                            : Texts.percent(variant.report().calibration().error()),
                    variant.seconds(),
                    Double.isNaN(base) ? "" : Texts.format(" (×%.1f)", variant.seconds() / base)));
        }
        to.say("");
        for (ComparisonResult.Variant variant : result.variants()) {
            if (!variant.verdict().isEmpty()) to.say(variant.sentence());
        }
        if (result.chosen() != null) to.say("best on the validation split: " + result.chosen());
    }

    private static String agreement(Fidelity fidelity) {
        return Double.isNaN(fidelity.rmse()) ? Texts.percent(fidelity.top1()) : Metric.text("rmse", fidelity.rmse());
    }

    private static String spread(String metric, @Nullable Interval interval) {
        if (interval == null) return "-";
        String mean = Metric.text(metric, interval.mean());
        if (interval.n() < 2) return mean;
        boolean share = Metric.areShares(metric);
        return mean
                + (share
                        ? Texts.format(" ± %.2f", 100 * interval.spread())
                        : Texts.format(" ± %.2g", interval.spread()));
    }
}
