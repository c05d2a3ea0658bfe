package dev.limbeck.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.distill.Schedule;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.train.RunJson;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SweepTest {
    private static final SearchSpace SPACE =
            new SearchSpace(List.of(2.0, 4.0), List.of(0.3, 0.9), List.of("soft-target", "logit-mse"), List.of());

    @TempDir
    static Path home;

    private static Recipe base;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        PicturesForTests.write(home.resolve("pictures"), 12, "cat", "dog", "fish");
        new RecipeRun(recipe(0.25, false), RunContext.silent()).run(home.resolve("teacher"), false);
        base = recipe(0.25, true);
    }

    private static Recipe recipe(double validFraction, boolean taught) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 6)
                .put("valid_fraction", validFraction);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 3).put("lr", 1e-2).put("seed", 7);
        if (taught)
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
        return RecipeFiles.bind(tree, "");
    }

    private static Sweep sweep(String out, Recipe recipe, Sweep.Strategy strategy, List<String> told) {
        RunContext silent = RunContext.silent();
        RunContext context =
                new RunContext("cpu", null, told::add, silent.download(), silent.prepare(), silent.watchers());
        return new Sweep(recipe, SPACE, strategy, 3, 1, 2, home.resolve(out), context);
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
        assertThat(SearchSpace.usual().recipes(base)).hasSize(20);
        assertThat(SPACE.recipes(base).get("soft-target-T4-w0.9").distillation().weight())
                .isEqualTo(Schedule.constant(0.9));
        assertThatThrownBy(() -> SPACE.recipes(recipe(0.25, false)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("a sweep needs a recipe with a teacher");
    }

    @Test
    void halvingDropsThenConfirmsOnFreshSeedsAndGoesOnWhereItWas() {
        List<String> told = new ArrayList<>();
        SweepResult result =
                sweep("halving", base, Sweep.Strategy.HALVING, told).run();
        assertThat(result.trials()).hasSize(6);
        assertThat(result.trials())
                .extracting(SweepResult.Trial::dropped)
                .containsExactly(false, false, true, true, true, true);
        assertThat(result.trials().get(0).epochs()).isEqualTo(3);
        assertThat(result.trials().get(5).epochs()).isEqualTo(1);
        assertThat(result.winner()).isEqualTo(result.trials().get(0).name());
        assertThat(Recipe.read(home.resolve("halving/best.yaml"))).isEqualTo(result.best());
        assertThat(result.confirmed().seeds()).containsExactly(1007L, 1008L);
        assertThat(result.confirmed().contestants())
                .extracting(ComparisonResult.Contestant::name)
                .containsExactly("alone", "best");
        told.clear();
        SweepResult again = sweep("halving", base, Sweep.Strategy.HALVING, told).run();
        assertThat(told)
                .filteredOn(line -> line.contains("seed 7"))
                .isNotEmpty()
                .allMatch(line -> line.endsWith("done before"));
        assertThat(RunJson.write(again)).isEqualTo(RunJson.write(result));
    }

    @Test
    void randomDrawsSomeByTheSeed() {
        SweepResult result =
                sweep("random", base, Sweep.Strategy.RANDOM, new ArrayList<>()).run();
        assertThat(result.trials()).hasSize(3).noneMatch(SweepResult.Trial::dropped);
        assertThat(result.trials()).isSortedAccordingTo((a, b) -> Double.compare(b.valid(), a.valid()));
    }

    @Test
    void refusesWhatCannotChoose() {
        assertThatThrownBy(() -> sweep("none", recipe(0, true), Sweep.Strategy.GRID, new ArrayList<>())
                        .run())
                .hasMessageContaining("a sweep chooses by validation accuracy");
        assertThatThrownBy(() -> Sweep.Strategy.of("girdd"))
                .hasMessage("no strategy 'girdd'; nearest: grid, random, halving");
    }
}
