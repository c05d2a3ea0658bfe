package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.recipe.DistillationRecipe;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunJson;
import dev.limbeck.train.Metric;
import dev.limbeck.train.TrainingDiverged;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;

/**
 * Search for the best settings by validation accuracy. The winner is then compared with the student without a teacher,
 * on fresh seeds and the test split. Each run has its own folder, so an interrupted sweep can be continued.
 */
public final class Sweep {
    /** File name of the result in a sweep's folder. */
    public static final String RESULT_NAME = "sweep.json";

    /** File name of the winner's recipe in a sweep's folder. */
    public static final String BEST_NAME = "best.yaml";

    private static final String CONFIRMATION = "confirmation";
    private static final int FRESH_SEEDS = 1000;

    /** Strategy to choose combinations and training budgets. */
    public enum Strategy {
        /** Every combination, each for all epochs. */
        GRID,
        /** Random combinations, each for all epochs. */
        RANDOM,
        /**
         * Successive halving with factor 3: all combinations train for 1/9 of the epochs, the best third for 1/3, and
         * the best third of those for all epochs. Each round starts again (Jamieson and Talwalkar, "Non-stochastic Best
         * Arm Identification", AISTATS 2016).
         */
        HALVING;

        /** Return a strategy by its lower-case name. */
        public static Strategy of(String name) {
            return Arrays.stream(values())
                    .filter(strategy -> strategy.name().toLowerCase(Locale.ROOT).equals(name))
                    .findFirst()
                    .orElseThrow(() -> Names.unknown("strategy", name, List.of("grid", "random", "halving")));
        }
    }

    private static final int KEPT_SHARE = 3;

    private final Recipe base;
    private final Map<String, Recipe> recipes;
    private final Strategy strategy;
    private final int seeds;
    private final int confirmSeeds;
    private final Path out;
    private final RunContext context;
    private final RunContext opening;

    /**
     * Create a sweep.
     *
     * @param trials number of combinations that {@link Strategy#RANDOM} draws; ignored by other strategies
     * @param seeds number of seeds per combination, starting at the recipe's own
     * @param confirmSeeds number of fresh seeds to confirm the winner; 0 for no confirmation
     */
    public Sweep(
            Recipe base,
            SearchSpace space,
            Strategy strategy,
            int trials,
            int seeds,
            int confirmSeeds,
            Path out,
            RunContext context) {
        this.base = base;
        this.strategy = strategy;
        this.seeds = Settings.atLeast(1, "seeds", seeds);
        this.confirmSeeds = Settings.atLeast(0, "confirm", confirmSeeds);
        this.out = out;
        this.context = context;
        opening = context.withoutRepeats();
        Settings.atLeast(1, "trials", trials);
        Map<String, Recipe> all = space.recipes(base);
        if (strategy == Strategy.RANDOM) {
            List<String> names = new ArrayList<>(all.keySet());
            Collections.shuffle(names, new Random(base.training().seed()));
            all.keySet().retainAll(names.subList(0, Math.min(trials, names.size())));
        }
        recipes = all;
        Set<String> folders = new HashSet<>();
        recipes.forEach((name, recipe) -> {
            checkFirstRound(recipe);
            if (!folders.add(directory(name, 1, 1))) {
                throw new LimbeckException("the trials of two combinations would share the folder "
                        + directory(name, 1, 1) + "; rename the file " + recipe.student());
            }
            // It must be possible to compare each that may win, which would fail after hours.
            if (confirmSeeds > 0) confirmation(name);
        });
    }

    /**
     * Run the missing trials, select and confirm a winner, and write {@code sweep.json} and {@code best.yaml}.
     *
     * @throws LimbeckException before the first trial, if there is no validation split, or no test split for the
     *     confirmation, or one of them can judge nothing; or if every trial diverged
     */
    public SweepResult run() {
        try (Claim claim = Claim.of(out, Shard.ALL)) {
            List<SweepResult.Trial> ranked = new ArrayList<>();
            search(Shard.ALL, ranked);
            String winner = ranked.get(0).name();
            Recipe best = recipe(winner);
            context.log().accept("chosen on the validation split: " + winner);
            SweepResult result = new SweepResult(
                    metric().name(),
                    List.copyOf(ranked),
                    winner,
                    best,
                    confirmSeeds == 0 ? null : announced(confirmation(winner)).run());
            // Together, so that they are never of two winners while a continued sweep confirms another.
            AtomicFile.write(out.resolve(BEST_NAME), best.toYaml());
            AtomicFile.write(out.resolve(RESULT_NAME), RunJson.sealed(result));
            return result;
        }
    }

    /**
     * Run the missing trials of one shard, and write no result. Other programs may run other shards of the same number in the same folder.
     * A round of {@link Strategy#HALVING}, and the confirmation, need all trials before them: if some of other shards are missing, this
     * method returns, and has to be called again when they are finished. {@link #run()} then finds all runs finished.
     *
     * @throws LimbeckException as {@link #run()} and {@link Comparison#run(Shard)} do
     */
    public ShardResult run(Shard shard) {
        try (Claim claim = Claim.of(out, shard)) {
            Teachers.requireNonEmpty(List.of(base));
            List<SweepResult.Trial> ranked = new ArrayList<>();
            ShardResult trials = search(shard, ranked);
            if (trials.more() || confirmSeeds == 0) return trials;
            String winner = ranked.get(0).name();
            context.log().accept("chosen on the validation split: " + winner);
            ShardResult confirmed = announced(confirmation(winner)).run(shard);
            return ShardResult.of(shard, CONFIRMATION, confirmed.runs(), confirmed.missing(), false);
        }
    }

    /** Run the rounds, or those for which all earlier trials are finished, and rank the trials of all rounds with the best first. */
    private ShardResult search(Shard shard, List<SweepResult.Trial> ranked) {
        try (Teachers teachers = new Teachers(recipes.values(), Comparison.CACHED_ROWS, out, context)) {
            RunStore kept = new RunStore(out, teachers, false, context);
            Map<String, Recipe> left = new LinkedHashMap<>(recipes);
            List<Integer> rounds = rounds();
            for (int round = 0; round < rounds.size(); round++) {
                Round trained = new Round(rounds.get(round), left, teachers, kept, shard);
                boolean last = round == rounds.size() - 1;
                if (!trained.missing.isEmpty() || last && shard.count() > 1 && confirmSeeds == 0) {
                    String stage = "round " + (round + 1) + " of " + rounds.size();
                    return ShardResult.of(shard, stage, trained.own, trained.missing, !last || confirmSeeds > 0);
                }
                List<SweepResult.Trial> judged = trained.judged();
                int sound =
                        (int) judged.stream().filter(trial -> !trial.diverged()).count();
                int going = last ? sound : Math.min(sound, (judged.size() + KEPT_SHARE - 1) / KEPT_SHARE);
                if (going == 0) {
                    throw new LimbeckException("the loss of every combination diverged; lower the learning rate");
                }
                List<SweepResult.Trial> dropped = judged.subList(going, judged.size()).stream()
                        .map(trial -> trial(trial.name(), trial.epochs(), trial.valid(), true))
                        .toList();
                ranked.addAll(0, dropped);
                dropped.forEach(trial -> left.remove(trial.name()));
                if (last) ranked.addAll(0, judged.subList(0, going));
            }
            if (kept.machines().size() > 1) {
                context.log()
                        .accept("the trials come from " + kept.machines().size() + " kinds of machines: "
                                + String.join("; ", kept.machines()));
            }
            return ShardResult.of(shard, CONFIRMATION, List.of(), List.of(), false);
        }
    }

    private Recipe recipe(String name) {
        return Objects.requireNonNull(recipes.get(name));
    }

    private Comparison announced(Comparison confirmation) {
        context.log().accept("confirming on fresh seeds and the test split");
        return confirmation;
    }

    private Comparison confirmation(String winner) {
        Recipe best = recipe(winner);
        String folder = confirmFolder(winner, best);
        return new Comparison(
                Map.of("best", best),
                confirmSeeds,
                base.training().seed() + FRESH_SEEDS,
                out.resolve(folder),
                context.below(folder));
    }

    /** Return the folder of a confirmation: one for each winner, because a continued sweep may choose another, or train it for more epochs. */
    static String confirmFolder(String winner, Recipe best) {
        return "confirm/%s/epochs-%d".formatted(inFiles(winner), best.training().epochs());
    }

    /** Return the epochs of each round. The last round trains for all epochs. */
    private List<Integer> rounds() {
        int all = base.training().epochs();
        if (strategy != Strategy.HALVING) return List.of(all);
        int third = (all + KEPT_SHARE - 1) / KEPT_SHARE;
        int ninth = (third + KEPT_SHARE - 1) / KEPT_SHARE;
        return List.of(ninth, third, all).stream().distinct().toList();
    }

    /** Hold the trials of one round: those of this shard trained, those of others found or missing. */
    private final class Round {
        final List<String> own = new ArrayList<>();
        final List<String> missing = new ArrayList<>();
        private final Map<String, Double> sums = new LinkedHashMap<>();
        private final int epochs;
        private final Map<String, Recipe> left;

        Round(int epochs, Map<String, Recipe> left, Teachers teachers, RunStore kept, Shard shard) {
            this.epochs = epochs;
            this.left = left;
            long first = base.training().seed();
            int number = 0;
            for (long seed = first; seed < first + seeds; seed++) {
                // They agree on the preparation of inputs, which the base recipe's student, if it is none of them, may
                // not.
                Recipe any = left.values().iterator().next();
                try (Data data = any.open(seed, teachers.preprocessing(), opening)) {
                    requireJudging(data);
                    opening.logData(data);
                    for (Map.Entry<String, Recipe> entry : left.entrySet()) {
                        boolean isOwn = shard.holds(number++, seeds * left.size());
                        String name = entry.getKey();
                        double before = sums.getOrDefault(name, 0.0);
                        if (Double.isNaN(before)) continue;
                        String directory = directory(name, epochs, seed);
                        if (isOwn) own.add(directory);
                        if (isOwn || kept.isDone(directory)) {
                            sums.put(name, before + valid(entry.getValue(), name, epochs, seed, data, kept));
                        } else {
                            missing.add(directory);
                        }
                    }
                }
            }
        }

        /** Return the trials. The best is first; diverged ones are last. */
        List<SweepResult.Trial> judged() {
            Comparator<SweepResult.Trial> byValue = Comparator.comparingDouble(SweepResult.Trial::valid);
            return left.keySet().stream()
                    .map(name -> trial(name, epochs, Objects.requireNonNull(sums.get(name)) / seeds, false))
                    .sorted(Comparator.comparing(SweepResult.Trial::diverged)
                            .thenComparing(metric().higherIsBetter() ? byValue.reversed() : byValue))
                    .toList();
        }
    }

    private static String directory(String name, int epochs, long seed) {
        return "trials/%s/epochs-%d/seed-%d".formatted(inFiles(name), epochs, seed);
    }

    /** Replace characters of a combination's name, such as those of a loss, that are not allowed in file names. */
    private static String inFiles(String name) {
        return name.replaceAll("[^\\w.=-]", "_");
    }

    /**
     * Check that the splits can select and confirm a winner, as each search does before its first trial.
     *
     * @throws LimbeckException if there is no validation split, no test split for the confirmation, or one of them can judge nothing
     */
    public void requireJudging(Data data) {
        metric(); // an embedding has none
        if (!data.has(Split.VALID)) {
            throw new LimbeckException("a sweep selects by a validation metric, but there is no validation split; set"
                    + " valid_fraction above 0");
        }
        JudgedRows.require(data, Split.VALID);
        if (confirmSeeds > 0 && data.targets(Split.TRAIN).known() == 0) {
            throw new LimbeckException("a sweep compares its winner with a student without a teacher, but no training"
                    + " row has a label; give some labels, or only select (--confirm 0)");
        }
        if (confirmSeeds > 0 && !data.has(Split.TEST)) {
            throw new LimbeckException("a sweep confirms its winner on a test split, but there is none; add rows of it"
                    + " (a folder or file named test, --test-data), or only select (--confirm 0)");
        }
        if (confirmSeeds > 0) JudgedRows.require(data, Split.TEST);
    }

    private Metric metric() {
        return Metric.main(Task.Kind.of(base.data().task()));
    }

    /** Train one combination with one seed. Return its validation metric, or NaN if it diverged. */
    private double valid(Recipe recipe, String name, int epochs, long seed, Data data, RunStore kept) {
        try {
            return kept.run(
                            directory(name, epochs, seed),
                            "%s, %d epochs, seed %d".formatted(name, epochs, seed),
                            shortened(recipe, epochs).withSeed(seed),
                            data)
                    .results()
                    .metric(Split.VALID, metric().name());
        } catch (TrainingDiverged e) {
            context.log().accept(name + ": dropped; " + e.getMessage());
            return Double.NaN;
        }
    }

    /** Settings that fit all epochs may not fit those of a first round. */
    private void checkFirstRound(Recipe recipe) {
        int epochs = rounds().get(0);
        try {
            shortened(recipe, epochs);
        } catch (LimbeckException e) {
            throw new LimbeckException(
                    "the first round of the sweep trains for " + epochs + " of "
                            + base.training().epochs() + " epochs: " + e.getMessage(),
                    e);
        }
    }

    private static Recipe shortened(Recipe recipe, int epochs) {
        ObjectNode tree = recipe.toTree();
        tree.withObject("/training").put("epochs", epochs);
        return RecipeFiles.bind(tree, "");
    }

    private SweepResult.Trial trial(String name, int epochs, double valid, boolean dropped) {
        Recipe recipe = Objects.requireNonNull(recipes.get(name));
        DistillationRecipe distillation = Objects.requireNonNull(recipe.distillation());
        LossRecipe loss = distillation.losses().get(0);
        return new SweepResult.Trial(
                name,
                recipe.student(),
                recipe.start(),
                loss.text(),
                loss.temperature(),
                distillation.kdWeight(),
                recipe.training().schedule(),
                epochs,
                valid,
                dropped);
    }
}
