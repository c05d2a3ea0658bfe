package dev.limbeck.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.evaluate.PredictionDiff;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainingDiverged;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Train the same student with several recipes over paired seeds, and evaluate the differences. All students of a seed
 * share labeled images, sample order, initial weights and number of optimizer steps; only the recipes differ. Recipes may also differ in
 * what students start from, which the result then says. Each run has its own run directory, so an interrupted comparison can be continued.
 */
public final class Comparison {
    /** Name of the variant without a teacher. */
    public static final String ALONE = "alone";

    /** File name of the result in a comparison's folder. */
    public static final String RESULT_NAME = "comparison.json";

    static final long CACHED_ROWS = 2_000_000;

    private final Map<String, Recipe> recipes = new LinkedHashMap<>();
    private final Path out;
    private final List<Long> seeds;
    private final RunContext context;
    private long cachedRows = CACHED_ROWS;

    /**
     * Create a comparison. A recipe without a teacher, named {@code alone}, is added in front if there is none. It starts from the same
     * weights as the first recipe's student, also if these are the teacher's, so that the difference is what distillation adds.
     *
     * @param recipes recipes by name, at least one; the names become folder names. The first one without a teacher is what all others are
     *     compared with, so several of them need a map that keeps their order, such as a {@link LinkedHashMap}
     * @param seeds number of seeds, starting at {@code firstSeed}
     * @throws LimbeckException if the recipes differ in data, student or training budget and cannot be paired
     */
    public Comparison(Map<String, Recipe> recipes, int seeds, long firstSeed, Path out, RunContext context) {
        if (recipes.isEmpty()) throw new LimbeckException("there is no recipe to compare");
        if (recipes.values().stream()
                .anyMatch(recipe -> Task.Kind.of(recipe.data().task()) == Task.Kind.EMBEDDING)) {
            throw new LimbeckException(
                    "compare judges by labels, found the task embedding; distill the backbone once, and "
                            + "compare a recipe that starts from it (pretrained) with one that does not");
        }
        Settings.atLeast(1, "seeds", seeds);
        Recipe first = recipes.values().iterator().next();
        Recipe alone = recipes.get(ALONE);
        if (alone != null && alone.teacher() != null) {
            throw new LimbeckException("the recipe called " + ALONE + " has a teacher; rename it");
        }
        recipes.entrySet().stream()
                .filter(entry -> entry.getValue().teacher() == null)
                .findFirst()
                .ifPresentOrElse(
                        entry -> this.recipes.put(entry.getKey(), entry.getValue()),
                        () -> this.recipes.put(ALONE, first.alone()));
        recipes.forEach(this.recipes::putIfAbsent);
        if (this.recipes.size() < 2) {
            throw new LimbeckException("a comparison needs a recipe with a teacher, or two recipes");
        }
        this.recipes.values().forEach(Recipe::requireStudent);
        this.recipes.forEach(this::check);
        this.seeds = LongStream.range(firstSeed, firstSeed + seeds).boxed().toList();
        this.out = out;
        this.context = context;
    }

    /**
     * Set the maximum number of rows whose outputs are cached in memory per teacher. The default is two million; 0
     * turns the cache off.
     */
    public Comparison cacheRows(long rows) {
        cachedRows = rows;
        return this;
    }

    private void check(String name, Recipe recipe) {
        if (!name.matches("[\\w.-]+") || name.startsWith(".") || name.equals(Teachers.FOLDER)) {
            throw new LimbeckException("'" + name + "' is not a valid recipe name; use letters, digits, - and _");
        }
        if (recipe.training().patience() != null) {
            throw new LimbeckException(name + " stops early, so its steps cannot be paired; leave patience out");
        }
        Map.Entry<String, Recipe> base = recipes.entrySet().iterator().next();
        String difference = RecipeFiles.difference(pairing(recipe), pairing(base.getValue()));
        if (difference != null) {
            throw new LimbeckException(
                    name + " cannot be paired with " + base.getKey() + ": " + difference + "; make them equal");
        }
    }

    /** Return the settings that paired runs must share. */
    private static JsonNode pairing(Recipe recipe) {
        ObjectNode tree = recipe.toTree();
        tree.remove(List.of("teacher", "distillation", "pretrained", "init", "prune"));
        // A trained student can be compared with one of the same architecture that is not, and one that learns for int8
        // with one that does not.
        tree.put("student", recipe.architecture().withoutQuantization().name());
        // Epochs with a frozen backbone, or between prunings, also count as steps.
        ((ObjectNode) tree.get("training")).put("epochs", recipe.epochs()).retain("epochs", "grad_accum_steps");
        return tree;
    }

    /**
     * Run the missing runs, evaluate all of them, and write {@code comparison.json}.
     *
     * @throws LimbeckException before the first run, if the data has no test or validation rows that can judge
     */
    public ComparisonResult run() {
        try (Claim claim = Claim.of(out, Shard.ALL);
                Teachers teachers = new Teachers(recipes.values(), cachedRows, out, context)) {
            RunStore kept = new RunStore(out, teachers, true, context);
            Map<String, List<ComparisonResult.Run>> runs = new LinkedHashMap<>();
            recipes.keySet().forEach(name -> runs.put(name, new ArrayList<>()));
            List<String> diverged = new ArrayList<>();
            int labeled = 0;
            int unlabeled = 0;
            int steps = 0;
            Split judged = Split.TEST;
            Metric metric = Metric.main(
                    Task.Kind.of(recipes.values().iterator().next().data().task()));
            RunContext opening = context.withoutRepeats();
            for (long seed : seeds) {
                Recipe any = recipes.values().iterator().next();
                try (Data data = any.open(seed, teachers.preprocessing(), opening)) {
                    judged = JudgedRows.ofComparison(data);
                    teachers.evaluate(data, judged, context);
                    opening.logData(data);
                    Targets targets = data.targets(Split.TRAIN);
                    labeled = targets.known();
                    unlabeled = targets.size() - labeled;
                    for (Map.Entry<String, Recipe> entry : recipes.entrySet()) {
                        RunRecord done = unlessDiverged(entry.getKey(), seed, data, kept, diverged);
                        if (done == null) continue;
                        steps = done.training().steps();
                        runs.get(entry.getKey()).add(row(entry.getKey(), seed, done, judged, metric.name()));
                    }
                }
            }
            requireSound(diverged);
            ComparisonResult result = judge(runs, teachers, judged, metric, labeled, unlabeled, steps);
            write(result, teachers);
            return result;
        }
    }

    /**
     * Run the missing runs of one shard, and write no result. Other programs may run other shards of the same number in the same folder.
     * A shard has whole seeds as far as possible, so that paired runs come from one machine. {@link #run()} then finds all runs finished.
     *
     * @throws LimbeckException if another program runs the same shard or the whole comparison, or if a folder of cached outputs is empty
     */
    public ShardResult run(Shard shard) {
        try (Claim claim = Claim.of(out, shard)) {
            Teachers.requireNonEmpty(recipes.values());
            try (Teachers teachers = new Teachers(recipes.values(), cachedRows, out, context)) {
                return runShard(shard, teachers);
            }
        }
    }

    private ShardResult runShard(Shard shard, Teachers teachers) {
        RunStore kept = new RunStore(out, teachers, true, context);
        RunContext opening = context.withoutRepeats();
        List<String> own = new ArrayList<>();
        List<String> others = new ArrayList<>();
        List<String> diverged = new ArrayList<>();
        List<String> names = List.copyOf(recipes.keySet());
        for (int s = 0; s < seeds.size(); s++) {
            long seed = seeds.get(s);
            int before = s * names.size();
            List<String> here = IntStream.range(0, names.size())
                    .filter(i -> shard.holds(before + i, seeds.size() * names.size()))
                    .mapToObj(names::get)
                    .toList();
            names.stream()
                    .filter(name -> !here.contains(name))
                    .map(name -> directory(name, seed))
                    .forEach(others::add);
            if (here.isEmpty()) continue;
            try (Data data = recipes.values().iterator().next().open(seed, teachers.preprocessing(), opening)) {
                JudgedRows.ofComparison(data);
                opening.logData(data);
                for (String name : here) {
                    unlessDiverged(name, seed, data, kept, diverged);
                    own.add(directory(name, seed));
                }
            }
        }
        requireSound(diverged);
        others.removeIf(kept::isDone);
        return ShardResult.of(shard, "comparison", own, others, false);
    }

    /** Return a run's record; null, after its line was logged, if its loss diverged: the other runs go on. */
    private @Nullable RunRecord unlessDiverged(
            String name, long seed, Data data, RunStore kept, List<String> diverged) {
        Recipe recipe = Objects.requireNonNull(recipes.get(name)).withSeed(seed);
        try {
            return kept.run(directory(name, seed), label(name, seed), recipe, data);
        } catch (TrainingDiverged e) {
            context.log().accept(label(name, seed) + ": " + e.getMessage());
            diverged.add(label(name, seed));
            return null;
        }
    }

    private static void requireSound(List<String> diverged) {
        if (diverged.isEmpty()) return;
        throw new TrainingDiverged(
                "the loss of " + diverged.size() + " runs diverged (" + String.join("; ", diverged)
                        + "), so they cannot be compared; the other runs are finished; lower the learning rate, and choose another --out");
    }

    private static String label(String name, long seed) {
        return name + ", seed " + seed;
    }

    private static String directory(String name, long seed) {
        return name + "/seed-" + seed;
    }

    private static ComparisonResult.Run row(String name, long seed, RunRecord done, Split judged, String metric) {
        RunRecord.Results best = done.bestEpoch();
        return new ComparisonResult.Run(
                seed,
                done.lastEpoch().metric(Split.VALID, metric),
                done.lastEpoch().metric(judged, metric),
                best == null ? Double.NaN : best.metric(judged, metric),
                done.seconds(),
                done.machine(),
                directory(name, seed));
    }

    private ComparisonResult judge(
            Map<String, List<ComparisonResult.Run>> runs,
            Teachers teachers,
            Split judged,
            Metric metric,
            int labeled,
            int unlabeled,
            int steps) {
        List<ComparisonResult.Variant> variants = new ArrayList<>();
        double[] base = null;
        double[] bestBase = null;
        Predictions first = null;
        String chosen = null;
        double most = Double.NEGATIVE_INFINITY;
        for (Map.Entry<String, List<ComparisonResult.Run>> entry : runs.entrySet()) {
            List<ComparisonResult.Run> rows = entry.getValue();
            double[] own =
                    rows.stream().mapToDouble(ComparisonResult.Run::value).toArray();
            double[] best =
                    rows.stream().mapToDouble(ComparisonResult.Run::bestValue).toArray();
            boolean hasBest = Arrays.stream(best).noneMatch(Double::isNaN);
            Integer teacher = teachers.position(Objects.requireNonNull(recipes.get(entry.getKey())));
            Map<Split, Predictions> shown =
                    PredictionFile.read(out.resolve(rows.get(0).directory()).resolve(PredictionFile.NAME));
            int judgedRows = Objects.requireNonNull(shown.get(judged)).targets().known();
            double rounding = metric.isShare() ? Interval.roundingOfDifferences(judgedRows) : 0;
            Interval difference = base == null ? null : Interval.ofRounded(rounding, improvements(metric, own, base));
            Interval gap = base == null || teacher == null
                    ? null
                    : Interval.ofRatio(
                            improvements(metric, own, base),
                            improvements(metric, teachers.values(teacher), base),
                            rounding);
            variants.add(new ComparisonResult.Variant(
                    entry.getKey(),
                    teacher,
                    Objects.requireNonNull(recipes.get(entry.getKey())).start(),
                    List.copyOf(rows),
                    Interval.of(own),
                    hasBest ? Interval.of(best) : null,
                    difference,
                    bestBase == null || !hasBest
                            ? null
                            : Interval.ofRounded(rounding, improvements(metric, best, bestBase)),
                    gap,
                    rows.stream()
                            .mapToDouble(ComparisonResult.Run::seconds)
                            .average()
                            .orElse(Double.NaN),
                    EvaluationReport.of(
                            shown, judged, teachers.predictions(Objects.requireNonNull(recipes.get(entry.getKey())))),
                    first == null
                            ? null
                            : PredictionDiff.of(first, Objects.requireNonNull(shown.get(judged)))
                                    .orElse(null),
                    difference == null ? "" : ComparisonResult.verdict(difference, gap, metric)));
            double valid = rows.stream()
                    .mapToDouble(ComparisonResult.Run::valid)
                    .average()
                    .orElse(Double.NaN);
            double rank = metric.higherIsBetter() ? valid : -valid;
            if (rank > most) {
                most = rank;
                chosen = entry.getKey();
            }
            if (base == null) {
                base = own;
                bestBase = hasBest ? best : null;
                first = Objects.requireNonNull(shown.get(judged));
            }
        }
        return new ComparisonResult(
                metric.name(),
                judged.label(),
                labeled,
                unlabeled,
                steps,
                recipes.values().stream()
                                .map(recipe -> Arrays.asList(recipe.pretrained(), recipe.start()))
                                .distinct()
                                .count()
                        == 1,
                cachedRows > 0 && !teachers.all().isEmpty(),
                seeds,
                teachers.all(),
                variants,
                chosen);
    }

    /** Return how much each value is better than the base, negative where it is worse. */
    private static double[] improvements(Metric metric, double[] values, double[] base) {
        return metric.higherIsBetter() ? Interval.differences(values, base) : Interval.differences(base, values);
    }

    private void write(ComparisonResult result, Teachers teachers) {
        try {
            teachers.write();
            AtomicFile.write(out.resolve(RESULT_NAME), RunJson.sealed(result));
        } catch (LimbeckException e) {
            teachers.discard();
            throw e;
        }
    }
}
