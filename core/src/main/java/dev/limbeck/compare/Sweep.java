package dev.limbeck.compare;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.DistillationRecipe;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.train.RunJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Random;

/**
 * Look for the settings that help most, by validation accuracy; the winner is then compared with the student alone over
 * fresh seeds, on the test split. Runs are kept in folders of their own, so an interrupted sweep goes on where it was.
 */
public final class Sweep {
    /** The name of the result in a sweep's folder. */
    public static final String RESULT_NAME = "sweep.json";

    /** The name of the winner's recipe in a sweep's folder. */
    public static final String BEST_NAME = "best.yaml";

    private static final int FRESH_SEEDS = 1000;

    /** Say which combinations are tried, and for how long. */
    public enum Strategy {
        /** Every combination, each for all epochs. */
        GRID,
        /** Some combinations, drawn by lot, each for all epochs. */
        RANDOM,
        /**
         * Every combination for a ninth of the epochs, the better third of them for a third, and a third of those for
         * all; each round trains anew (Jamieson and Talwalkar, "Non-stochastic Best Arm Identification", AISTATS 2016).
         */
        HALVING;

        /** Return a strategy by its name in lower case. */
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

    /**
     * Prepare a sweep.
     *
     * @param trials how many combinations {@link Strategy#RANDOM} draws; others ignore it
     * @param seeds how many seeds each combination is judged on, from the recipe's own on
     * @param confirmSeeds how many fresh seeds the winner is confirmed on
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
        this.confirmSeeds = Settings.atLeast(1, "confirm", confirmSeeds);
        this.out = out;
        this.context = context;
        Settings.atLeast(1, "trials", trials);
        Map<String, Recipe> all = space.recipes(base);
        if (strategy == Strategy.RANDOM) {
            List<String> names = new ArrayList<>(all.keySet());
            Collections.shuffle(names, new Random(base.training().seed()));
            all.keySet().retainAll(names.subList(0, Math.min(trials, names.size())));
        }
        recipes = all;
    }

    /** Run what is not there yet, choose, confirm, and write {@code sweep.json} and {@code best.yaml}. */
    public SweepResult run() {
        List<SweepResult.Trial> ranked = new ArrayList<>();
        try (Teachers teachers = new Teachers(List.of(base), Comparison.REMEMBERED, out, context.told())) {
            Map<String, Recipe> left = new LinkedHashMap<>(recipes);
            List<Integer> rounds = rounds();
            for (int round = 0; round < rounds.size(); round++) {
                List<SweepResult.Trial> judged = round(left, rounds.get(round), teachers);
                int kept = round == rounds.size() - 1
                        ? judged.size()
                        : Math.max(1, (judged.size() + KEPT_SHARE - 1) / KEPT_SHARE);
                List<SweepResult.Trial> dropped = judged.subList(kept, judged.size()).stream()
                        .map(trial -> trial(trial.name(), trial.epochs(), trial.valid(), true))
                        .toList();
                ranked.addAll(0, dropped);
                dropped.forEach(trial -> left.remove(trial.name()));
                if (round == rounds.size() - 1) ranked.addAll(0, judged);
            }
        }
        String winner = ranked.get(0).name();
        Recipe best = Objects.requireNonNull(recipes.get(winner));
        write(BEST_NAME, best.toYaml());
        context.told().accept("chosen on the validation split: " + winner + "; confirming on fresh seeds");
        ComparisonResult confirmed = new Comparison(
                        Map.of("best", best),
                        confirmSeeds,
                        base.training().seed() + FRESH_SEEDS,
                        out.resolve("confirm"),
                        context)
                .run();
        SweepResult result = new SweepResult(List.copyOf(ranked), winner, best, confirmed);
        write(RESULT_NAME, RunJson.write(result) + "\n");
        return result;
    }

    /** Return the epochs of each round, the last being all. */
    private List<Integer> rounds() {
        int all = base.training().epochs();
        if (strategy != Strategy.HALVING) return List.of(all);
        int third = (all + KEPT_SHARE - 1) / KEPT_SHARE;
        int ninth = (third + KEPT_SHARE - 1) / KEPT_SHARE;
        return List.of(ninth, third, all).stream().distinct().toList();
    }

    /** Judge what is left after so many epochs, the best first. */
    private List<SweepResult.Trial> round(Map<String, Recipe> left, int epochs, Teachers teachers) {
        Map<String, Double> sums = new LinkedHashMap<>();
        for (long seed = base.training().seed(); seed < base.training().seed() + seeds; seed++) {
            try (ImageData data = base.data().open(seed, base.architecture(), teachers.preparation(), context)) {
                if (!data.has(Split.VALID)) {
                    throw new LimbeckException("a sweep chooses by validation accuracy, and there is no such split; set"
                            + " valid_fraction above 0");
                }
                for (Map.Entry<String, Recipe> entry : left.entrySet()) {
                    String name = entry.getKey();
                    JsonNode done = KeptRuns.of(
                            out.resolve("trials/%s/epochs-%d/seed-%d".formatted(name, epochs, seed)),
                            "%s, %d epochs, seed %d".formatted(name, epochs, seed),
                            shortened(entry.getValue(), epochs).withSeed(seed),
                            data,
                            teachers,
                            context);
                    sums.merge(name, done.at("/results/valid/accuracy").asDouble(), Double::sum);
                }
            }
        }
        return left.keySet().stream()
                .map(name -> trial(name, epochs, Objects.requireNonNull(sums.get(name)) / seeds, false))
                .sorted(Comparator.comparingDouble(SweepResult.Trial::valid).reversed())
                .toList();
    }

    private static Recipe shortened(Recipe recipe, int epochs) {
        ObjectNode tree = (ObjectNode) recipe.toTree();
        tree.withObject("/training").put("epochs", epochs);
        return RecipeFiles.bind(tree, "");
    }

    private SweepResult.Trial trial(String name, int epochs, double valid, boolean dropped) {
        Recipe recipe = Objects.requireNonNull(recipes.get(name));
        DistillationRecipe distillation = Objects.requireNonNull(recipe.distillation());
        LossRecipe loss = distillation.losses().get(0);
        return new SweepResult.Trial(
                name,
                loss.name(),
                loss.temperature() == null ? null : loss.temperature().first(),
                distillation.weight().first(),
                recipe.training().schedule(),
                epochs,
                valid,
                dropped);
    }

    private void write(String name, String text) {
        Path file = out.resolve(name);
        try {
            Files.createDirectories(out);
            Files.writeString(file, text);
        } catch (IOException e) {
            throw new LimbeckException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
