package dev.limbeck.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunJson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTest {
    private static final SearchSpace SPACE = new SearchSpace(
            SearchSpace.constants(2, 4),
            SearchSpace.constants(0.3, 0.9),
            List.of("soft-target", "logit-mse"),
            List.of(),
            List.of());

    @TempDir
    static Path home;

    private static Recipe base;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        PicturesForTests.write(home.resolve("pictures/train"), 12, "cat", "dog", "fish");
        PicturesForTests.write(home.resolve("pictures/test"), 4, "cat", "dog", "fish");
        PicturesForTests.write(home.resolve("untested"), 12, "cat", "dog", "fish");
        new RecipeRun(recipe(0.25, false), RunContext.silent()).run(home.resolve("teacher"), false);
        base = recipe(0.25, true);
    }

    private static Recipe recipe(double validFraction, boolean taught) {
        return recipe("pictures", validFraction, taught);
    }

    private static Recipe recipe(String pictures, double validFraction, boolean taught) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve(pictures).toString())
                .put("batch_size", 6)
                .put("valid_fraction", validFraction);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 3).put("lr", 1e-2).put("seed", 7);
        if (taught)
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
        return RecipeFiles.bind(tree, "");
    }

    private static Sweep sweep(String out, Recipe recipe, Sweep.Strategy strategy, List<String> log) {
        return sweep(out, recipe, SPACE, strategy, 2, log);
    }

    private static Sweep sweep(
            String out, Recipe recipe, SearchSpace space, Sweep.Strategy strategy, int confirm, List<String> log) {
        RunContext silent = RunContext.silent();
        RunContext context =
                new RunContext("cpu", null, log::add, silent.download(), silent.prepare(), silent.watchers());
        return new Sweep(recipe, space, strategy, 3, 1, confirm, home.resolve(out), context);
    }

    @Test
    void triesALossWithoutTemperatureOncePerWeight() {
        assertThat(SPACE.recipes(base).keySet())
                .containsExactly(
                        "soft-target-T2-w0.3",
                        "soft-target-T4-w0.3",
                        "soft-target-T2-w0.9",
                        "soft-target-T4-w0.9",
                        "logit-mse-w0.3",
                        "logit-mse-w0.9");
        assertThat(SearchSpace.defaults().recipes(base)).hasSize(20);
        assertThat(SPACE.recipes(base).get("soft-target-T4-w0.9").distillation().kdWeight())
                .isEqualTo(Schedule.constant(0.9));
        assertThatThrownBy(() -> SPACE.recipes(recipe(0.25, false)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("a sweep needs a recipe with a teacher");
    }

    /** It is of another kind and size there. */
    @Test
    void theTemperatureOfALossOnFeaturesIsNotSearched() {
        ObjectNode tree = base.toTree();
        ArrayNode losses = tree.withObject("/distillation").putArray("losses");
        losses.addObject()
                .put("name", "contrastive")
                .put("temperature", 0.07)
                .putArray("layers")
                .add("layer3");
        Map<String, Recipe> recipes = new SearchSpace(
                        SearchSpace.constants(2, 4), SearchSpace.constants(0.3, 0.9), List.of(), List.of(), List.of())
                .recipes(RecipeFiles.bind(tree, ""));
        assertThat(recipes).containsOnlyKeys("w0.3", "w0.9");
        assertThat(recipes.get("w0.3").distillation().losses().get(0).temperature())
                .isEqualTo(Schedule.constant(0.07));
    }

    @Test
    void aLossKeepsTheTemperatureThatItNames() {
        SearchSpace space = new SearchSpace(
                SearchSpace.constants(2, 4),
                SearchSpace.constants(0.3, 0.9),
                List.of("soft-target:T=3", "soft-target"),
                List.of(),
                List.of());
        Map<String, Recipe> recipes = space.recipes(base);
        assertThat(recipes.keySet())
                .containsExactly(
                        "soft-target:T=3-w0.3",
                        "soft-target:T=3-w0.9",
                        "soft-target-T2-w0.3",
                        "soft-target-T4-w0.3",
                        "soft-target-T2-w0.9",
                        "soft-target-T4-w0.9");
        assertThat(recipes.get("soft-target:T=3-w0.9")
                        .distillation()
                        .losses()
                        .get(0)
                        .temperature())
                .isEqualTo(Schedule.constant(3));
        SearchSpace wrong = new SearchSpace(List.of(), List.of(), List.of("logit-mse:T=3"), List.of(), List.of());
        assertThatThrownBy(() -> wrong.recipes(base))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("the loss logit-mse has no temperature, found 3.0; leave it out");
    }

    @Test
    void halvingDropsThenConfirmsOnFreshSeedsAndGoesOnWhereItWas() throws IOException {
        List<String> log = new ArrayList<>();
        SweepResult result = sweep("halving", base, Sweep.Strategy.HALVING, log).run();
        assertThat(result.trials()).hasSize(6);
        assertThat(result.trials())
                .extracting(SweepResult.Trial::dropped)
                .containsExactly(false, false, true, true, true, true);
        assertThat(result.trials().get(0).epochs()).isEqualTo(3);
        assertThat(result.trials().get(5).epochs()).isEqualTo(1);
        assertThat(result.winner()).isEqualTo(result.trials().get(0).name());
        assertThat(Recipe.read(home.resolve("halving/best.yaml"))).isEqualTo(result.best());
        assertThat(result.confirmed().seeds()).containsExactly(1007L, 1008L);
        assertThat(result.confirmed().split()).isEqualTo("test");
        assertThat(result.confirmed().variants())
                .extracting(ComparisonResult.Variant::name)
                .containsExactly("alone", "best");
        try (Stream<Path> files = Files.walk(home.resolve("halving/trials"))) {
            assertThat(files.filter(file -> file.endsWith("run.json")))
                    .hasSize(6 + 2)
                    .as("what was tried on the validation split has not seen the test split")
                    .allSatisfy(
                            file -> assertThat(RunJson.read(file).get("results").fieldNames())
                                    .toIterable()
                                    .containsExactly("valid", "best"))
                    .allSatisfy(file -> assertThat(PredictionFile.read(file.resolveSibling(PredictionFile.NAME)))
                            .containsOnlyKeys(Split.VALID));
        }
        log.clear();
        SweepResult again = sweep("halving", base, Sweep.Strategy.HALVING, log).run();
        assertThat(log)
                .filteredOn(line -> line.contains("seed 7"))
                .isNotEmpty()
                .allMatch(line -> line.endsWith("already finished"));
        assertThat(RunJson.write(again)).isEqualTo(RunJson.write(result));
    }

    /** Both are the same training under two names. */
    @Test
    void theFirstOfEqualsWins() {
        List<String> losses = List.of("soft-target", "soft-target:T=2");
        for (List<String> order : List.of(losses, List.of(losses.get(1), losses.get(0)))) {
            SearchSpace space =
                    new SearchSpace(SearchSpace.constants(2), SearchSpace.constants(0.5), order, List.of(), List.of());
            SweepResult result = sweep("equals", base, space, Sweep.Strategy.HALVING, 0, new ArrayList<>())
                    .run();
            assertThat(result.winner())
                    .isEqualTo(space.recipes(base).keySet().iterator().next());
        }
    }

    @Test
    void aContinuedSweepMayConfirmAnotherWinner() throws IOException {
        SweepResult first = sweep("continued", base, only(0.3), Sweep.Strategy.GRID, 1, new ArrayList<>())
                .run();
        assertThat(first.confirmFolder()).isEqualTo("confirm/w0.3/epochs-3");
        RunContext failing = ComparisonTest.beforeEpochs(line -> {}, fit -> {
            if (fit.seed() >= 1000) throw new IllegalStateException("killed");
        });
        assertThatThrownBy(() -> new Sweep(
                                base, only(0.9), Sweep.Strategy.GRID, 1, 1, 1, home.resolve("continued"), failing)
                        .run())
                .hasMessage("killed");
        assertThat(Recipe.read(home.resolve("continued/best.yaml")))
                .as("it goes with sweep.json")
                .isEqualTo(first.best());
        for (Recipe recipe : List.of(base, longer())) {
            SweepResult other = sweep("continued", recipe, only(0.9), Sweep.Strategy.GRID, 1, new ArrayList<>())
                    .run();
            assertThat(Recipe.read(home.resolve("continued/best.yaml"))).isEqualTo(other.best());
            assertThat(RunJson.read(home.resolve("continued/sweep.json"))
                            .get("winner")
                            .asText())
                    .isEqualTo("w0.9");
            assertThat(home.resolve("continued").resolve(other.confirmFolder()).resolve(Comparison.RESULT_NAME))
                    .exists();
        }
        assertThat(home.resolve("continued/confirm/w0.3/epochs-3/comparison.json"))
                .exists();
    }

    private static SearchSpace only(double weight) {
        return new SearchSpace(List.of(), SearchSpace.constants(weight), List.of(), List.of(), List.of());
    }

    private static Recipe longer() {
        ObjectNode tree = base.toTree();
        tree.withObject("/training").put("epochs", 4);
        return RecipeFiles.bind(tree, "");
    }

    @Test
    void aFirstRoundThatTrainsOnlyAdaptersIsRefused() {
        ObjectNode tree = base.toTree();
        tree.withObject("/distillation").put("adapter_epochs", 1);
        Recipe adapting = RecipeFiles.bind(tree, "");
        SearchSpace space = new SearchSpace(List.of(), List.of(), List.of("fitnet:auto"), List.of(), List.of());
        assertThatThrownBy(() -> sweep("adapting", adapting, space, Sweep.Strategy.HALVING, 1, new ArrayList<>()))
                .hasMessageStartingWith(
                        "the first round of the sweep trains for 1 of 3 epochs: adapter_epochs must be ");
    }

    @Test
    void randomDrawsSomeByTheSeed() {
        SweepResult result =
                sweep("random", base, Sweep.Strategy.RANDOM, new ArrayList<>()).run();
        assertThat(result.trials()).hasSize(3).noneMatch(SweepResult.Trial::dropped);
        assertThat(result.trials()).isSortedAccordingTo((a, b) -> Double.compare(b.valid(), a.valid()));
    }

    @Test
    void whatDivergesIsDroppedAndTheOthersGoOn() {
        SearchSpace space = new SearchSpace(
                SearchSpace.constants(2),
                SearchSpace.constants(0.5),
                List.of("logit-mse:scale=1e308", "soft-target"),
                List.of(),
                List.of());
        List<String> log = new ArrayList<>();
        SweepResult result =
                sweep("diverging", base, space, Sweep.Strategy.GRID, 0, log).run();
        assertThat(result.winner()).isEqualTo("soft-target-T2-w0.5");
        SweepResult.Trial second = result.trials().get(1);
        assertThat(second.name()).isEqualTo("logit-mse:scale=1e308-w0.5");
        assertThat(second.diverged() && second.dropped()).isTrue();
        assertThat(result.trials())
                .extracting(SweepResult.Trial::loss)
                .containsExactly("soft-target", "logit-mse:scale=1.0E308");
        assertThat(log)
                .anyMatch(line -> line.startsWith(second.name() + ": dropped; the loss became Infinity at step"));
        assertThat(result.confirmed()).isNull();
        SearchSpace hopeless =
                new SearchSpace(List.of(), List.of(), List.of("logit-mse:scale=1e308"), List.of(), List.of());
        assertThatThrownBy(() -> sweep("hopeless", base, hopeless, Sweep.Strategy.HALVING, 1, log)
                        .run())
                .hasMessage("the loss of every combination diverged; lower the learning rate");
        assertThat(home.resolve("hopeless/confirm")).doesNotExist();
    }

    @Test
    void weightsTemperaturesAndRatesMayFollowSchedules() {
        SearchSpace space = new SearchSpace(
                List.of(Schedule.of("linear:8..2")),
                List.of(Schedule.of("cosine:0.9..0.1"), Schedule.constant(0.5)),
                List.of(),
                List.of("one-cycle", "constant"),
                List.of());
        assertThat(space.recipes(base).keySet())
                .containsExactly(
                        "Tlinear:8.0..2.0-wcosine:0.9..0.1-one-cycle",
                        "Tlinear:8.0..2.0-w0.5-one-cycle",
                        "Tlinear:8.0..2.0-wcosine:0.9..0.1-constant",
                        "Tlinear:8.0..2.0-w0.5-constant");
        SweepResult result = sweep("schedules", base, space, Sweep.Strategy.GRID, 0, new ArrayList<>())
                .run();
        assertThat(result.trials()).hasSize(4).noneMatch(SweepResult.Trial::dropped);
        assertThat(result.trials())
                .extracting(trial -> trial.weight().toString())
                .containsOnly("cosine:0.9..0.1", "0.5");
        assertThat(RunJson.write(result)).contains("\"weight\" : \"cosine:0.9..0.1\"");
        assertThat(home.resolve("schedules/trials/Tlinear_8.0..2.0-w0.5-constant"))
                .isDirectory();
    }

    @Test
    void refusesWhatCannotChoose() throws IOException {
        assertThatThrownBy(() -> sweep("none", recipe("untested", 0.25, true), Sweep.Strategy.GRID, new ArrayList<>())
                        .run())
                .hasMessage(
                        "a sweep confirms its winner on a test split, but there is none; add rows of it (a folder or "
                                + "file named test, --test-data), or only select (--confirm 0)");
        Path file = Files.writeString(home.resolve("a-file"), "");
        assertThatThrownBy(() -> sweep("a-file", base, Sweep.Strategy.GRID, new ArrayList<>())
                        .run())
                .hasMessage(file + " is a file, expected a folder; choose another --out");
        assertThatThrownBy(() -> sweep("none", recipe(0, true), Sweep.Strategy.GRID, new ArrayList<>())
                        .run())
                .hasMessageContaining("a sweep selects by a validation metric");
        assertThatThrownBy(() -> Sweep.Strategy.of("girdd"))
                .hasMessage("no strategy 'girdd'; nearest: grid, random, halving");
    }
}
