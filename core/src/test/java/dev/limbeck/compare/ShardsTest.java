package dev.limbeck.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.data.Shard;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherCaching;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.TimelessRecord;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.train.TrainingContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test comparisons and sweeps whose runs are divided among several programs. */
class ShardsTest {
    @TempDir
    static Path home;

    private static final List<String> LOG = new ArrayList<>();

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        PicturesForTests.write(home.resolve("pictures/train"), 8, "cat", "dog");
        PicturesForTests.write(home.resolve("pictures/test"), 4, "cat", "dog");
        new RecipeRun(recipe(tree -> {}), RunContext.silent()).run(home.resolve("teacher"), false);
    }

    private static Recipe recipe(Consumer<ObjectNode> change) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 4)
                .put("valid_fraction", 0.25)
                .putObject("augment")
                .put("hflip", false);
        tree.put("student", "cifar-resnet8");
        tree.putObject("training").put("epochs", 2).put("lr", 1e-2);
        change.accept(tree);
        return RecipeFiles.bind(tree, "");
    }

    private static Recipe taught(Consumer<ObjectNode> change) {
        return recipe(tree -> {
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
            change.accept(tree);
        });
    }

    private static RunContext context(Consumer<TrainingContext> beforeEpoch) {
        LOG.clear();
        return ComparisonTest.beforeEpochs(LOG::add, beforeEpoch);
    }

    private static Comparison comparison(String out, Consumer<TrainingContext> beforeEpoch) {
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (double weight : new double[] {0.5, 0.9}) {
            recipes.put(
                    "w" + weight, taught(tree -> tree.putObject("distillation").put("kd_weight", weight)));
        }
        return new Comparison(recipes, 2, 0, home.resolve(out), context(beforeEpoch));
    }

    private static Comparison comparison(String out) {
        return comparison(out, fit -> {});
    }

    /** Return all records below a folder without times, which include the hashes of models. */
    private static Map<String, String> bits(String out) throws IOException {
        Map<String, String> bits = new TreeMap<>();
        Path whole = home.resolve(out);
        try (Stream<Path> files = Files.walk(whole)) {
            for (Path file : files.filter(one -> one.toString().endsWith(".json"))
                    .filter(one -> !one.endsWith(".diverged.json"))
                    .toList()) {
                bits.put(whole.relativize(file).toString(), TimelessRecord.sha256(RunJson.read(file)));
            }
        }
        return bits;
    }

    @Test
    void shardsMakeTheComparisonOfOneProgramThoughOneWasKilled() throws IOException {
        ComparisonResult alone = comparison("one").run();
        Map<String, String> expected = bits("one");
        assertThat(expected).hasSize(1 + 2 * 3).containsKey("comparison.json");
        for (int count : new int[] {2, 4}) {
            String out = "of-" + count;
            List<String> runs = new ArrayList<>();
            for (int index = 1; index < count; index++) {
                ShardResult done = comparison(out).run(new Shard(index, count));
                assertThat(done.shard()).isEqualTo(index + "/" + count);
                assertThat(done.more()).isFalse();
                runs.addAll(done.runs());
            }
            assertThat(runs).doesNotHaveDuplicates();
            int[] epochs = {0};
            assertThatThrownBy(() -> comparison(out, fit -> {
                                if (++epochs[0] == 2) throw new IllegalStateException("killed");
                            })
                            .run(new Shard(0, count)))
                    .hasMessage("killed");
            assertThat(home.resolve(out).resolve("comparison.json")).doesNotExist();
            ShardResult first = comparison(out).run(new Shard(0, count));
            assertThat(LOG.subList(LOG.indexOf("alone, seed 0"), LOG.indexOf("w0.5, seed 0")))
                    .as("the epoch that was missing")
                    .filteredOn(line -> line.matches(" +[01] .*"))
                    .singleElement()
                    .asString()
                    .startsWith("    1 ");
            assertThat(first.missing()).isEmpty();
            runs.addAll(first.runs());
            assertThat(runs).hasSize(6).doesNotHaveDuplicates();
            ComparisonResult gathered = comparison(out).run();
            assertThat(LOG)
                    .filteredOn(line -> line.contains(", seed "))
                    .hasSize(6)
                    .allMatch(line -> line.endsWith("already finished"));
            assertThat(bits(out)).isEqualTo(expected);
            assertThat(gathered.machines()).hasSize(1).isEqualTo(alone.machines());
        }
    }

    @Test
    void aSeedStaysInOneShardWhereItCan() {
        for (int seeds : new int[] {1, 4, 5}) {
            for (int count = 1; count <= 12; count++) {
                int[] sizes = new int[count];
                for (int item = 0; item < 3 * seeds; item++) {
                    int one = item;
                    int n = count;
                    int[] holders = IntStream.range(0, n)
                            .filter(index -> new Shard(index, n).holds(one, 3 * seeds))
                            .toArray();
                    assertThat(holders).hasSize(1);
                    sizes[holders[0]]++;
                    if (seeds % count == 0) assertThat(holders[0]).isEqualTo(item / 3 / (seeds / count));
                }
                assertThat(IntStream.of(sizes).max().orElse(0)
                                - IntStream.of(sizes).min().orElse(0))
                        .isLessThanOrEqualTo(1);
            }
        }
    }

    @Test
    void whatAShardLeftIsRunWhenTheResultIsWritten() throws IOException {
        comparison("complete").run();
        ShardResult first = comparison("partly").run(new Shard(0, 2));
        assertThat(first.runs()).containsExactly("alone/seed-0", "w0.5/seed-0", "w0.9/seed-0");
        assertThat(first.missing()).containsExactly("alone/seed-1", "w0.5/seed-1", "w0.9/seed-1");
        comparison("partly").run();
        assertThat(LOG)
                .filteredOn(line -> line.contains(", seed "))
                .containsExactly(
                        "alone, seed 0: already finished",
                        "w0.5, seed 0: already finished",
                        "w0.9, seed 0: already finished",
                        "alone, seed 1",
                        "w0.5, seed 1",
                        "w0.9, seed 1");
        assertThat(bits("partly")).isEqualTo(bits("complete"));
        ShardResult none = comparison("tiny").run(new Shard(3, 100));
        assertThat(none.runs()).isEmpty();
    }

    @Test
    void twoProgramsNeverMakeTheSameRuns() {
        String place = home.resolve("busy").toString();
        List<String> refused = new ArrayList<>();
        int[] epochs = {0};
        comparison("busy", fit -> {
                    if (epochs[0]++ > 0) return;
                    for (Shard same : List.of(new Shard(0, 2), new Shard(1, 3), Shard.ALL)) {
                        assertThatThrownBy(() -> {
                                    if (same.count() == 1) comparison("busy").run();
                                    else comparison("busy").run(same);
                                })
                                .satisfies(error -> refused.add(error.getMessage()));
                    }
                    // Another one of the same number goes on beside this one.
                    assertThatThrownBy(() -> comparison("busy", other -> {
                                        throw new IllegalStateException("it trains");
                                    })
                                    .run(new Shard(1, 2)))
                            .hasMessage("it trains");
                })
                .run(new Shard(0, 2));
        assertThat(refused)
                .hasSize(3)
                .containsOnly(
                        "shard 0/2 of " + place
                                + " is being written by another thread of this program; wait until it ends, or choose another place");
        epochs[0] = 0;
        comparison("busy", fit -> {
                    if (epochs[0]++ > 0) return;
                    assertThatThrownBy(() -> comparison("busy").run(new Shard(1, 2)))
                            .hasMessage(place
                                    + " is being written by another thread of this program; wait until it ends, or choose"
                                    + " another place");
                })
                .run();
        assertThat(epochs[0]).isPositive();
    }

    @Test
    void anEmptyFolderOfCachedOutputsIsFilledFirst() throws IOException {
        Consumer<String> cache = out -> {
            Recipe cached = taught(tree -> tree.withObject("/teacher")
                    .put("cache", home.resolve("outputs-" + out).toString()));
            if (out.startsWith("shards")) {
                assertThatThrownBy(() -> new Comparison(Map.of("d", cached), 2, 0, home.resolve(out), context(f -> {}))
                                .run(new Shard(1, 2)))
                        .hasMessage("the shards would all fill the empty cache folder " + home.resolve("outputs-" + out)
                                + "; fill it first (limbeck cache, with the same recipe)");
                assertThat(home.resolve(out)).doesNotExist();
                TeacherCaching.of(cached, context(fit -> {}));
                for (int index = 1; index >= 0; index--) {
                    new Comparison(Map.of("d", cached), 2, 0, home.resolve(out), context(f -> {}))
                            .run(new Shard(index, 2));
                }
            }
            new Comparison(Map.of("d", cached), 2, 0, home.resolve(out), context(fit -> {})).run();
        };
        cache.accept("cached-one");
        cache.accept("shards-cached");
        List<String> models = new ArrayList<>();
        for (String out : List.of("cached-one", "shards-cached")) {
            models.add(RunJson.read(home.resolve(out + "/d/seed-1/run.json"))
                    .get("model_sha256")
                    .asText());
        }
        assertThat(models.get(1)).isEqualTo(models.get(0));
    }

    @Test
    void theResultSaysThatMachinesDiffer() throws IOException {
        comparison("mixed").run();
        Path run = home.resolve("mixed/w0.5/seed-1/run.json");
        ObjectNode changed = RunJson.read(run);
        changed.remove("file");
        changed.withObject("/engine").put("processor", "Another One").put("threads", 64);
        Files.writeString(run, RunJson.sealed(changed));
        ComparisonResult result = comparison("mixed").run();
        assertThat(result.machines())
                .hasSize(2)
                .last()
                .asString()
                .matches("Another One, .*, LibTorch .*, 64 threads, cpu, "
                        + Precision.of(Precision.AUTO, Engine.device("cpu")));
        assertThat(result.facts())
                .contains(
                        "The runs come from 2 kinds of machines, devices or precisions, so their seconds cannot be compared: "
                                + String.join("; ", result.machines()) + ".",
                        "In 1 of 2 seeds, students come from different ones, so their differences are not those of the"
                                + " recipes alone.");
    }

    /** Also where one seed comes from another machine. */
    @Test
    void recipesMayDifferInPrecision() throws IOException {
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (String precision : List.of("fp32", "bf16")) {
            recipes.put(precision, taught(tree -> tree.withObject("/training").put("precision", precision)));
        }
        Path folder = home.resolve("precisions");
        ComparisonResult result = new Comparison(recipes, 2, 0, folder, context(fit -> {})).run();
        assertThat(result.machines()).hasSize(2);
        assertThat(result.facts())
                .contains("The runs differ in precision: " + String.join("; ", result.machines()) + ".")
                .noneMatch(fact -> fact.contains("cannot be compared"));
        for (String name : List.of("alone", "fp32", "bf16")) {
            Path run = folder.resolve(name + "/seed-1/run.json");
            ObjectNode changed = RunJson.read(run);
            changed.remove("file");
            changed.withObject("/engine").put("processor", "Another One");
            Files.writeString(run, RunJson.sealed(changed));
        }
        assertThat(new Comparison(recipes, 2, 0, folder, context(fit -> {}))
                        .run()
                        .facts())
                .anyMatch(fact -> fact.startsWith("The runs come from 4 kinds of machines, devices or precisions"))
                .noneMatch(fact -> fact.contains("different ones"));
    }

    @Test
    void aDeviceAndAPrecisionArePartOfAMachine() throws IOException {
        comparison("devices").run();
        for (String device : List.of("cuda:0", "cuda:1", "")) {
            String seed = device.equals("cuda:0") ? "0" : "1";
            for (String name : List.of("alone", "w0.5", "w0.9")) {
                Path run = home.resolve("devices/" + name + "/seed-" + seed + "/run.json");
                ObjectNode changed = RunJson.read(run);
                changed.remove("file");
                changed.withObject("/training").put("device", device).put("precision", "bf16");
                // Records may lack what older versions did not write.
                if (device.isEmpty()) changed.withObject("/training").remove(List.of("device", "precision"));
                Files.writeString(run, RunJson.sealed(changed));
            }
            ComparisonResult result = comparison("devices").run();
            assertThat(result.machines()).hasSize(device.equals("cuda:1") ? 1 : 2);
            String last = result.machines().get(result.machines().size() - 1);
            if (device.equals("cuda:1")) assertThat(last).endsWith(", cuda, bf16");
            if (device.isEmpty()) assertThat(last).matches(".*, \\d+ threads?");
            assertThat(result.facts()).noneMatch(fact -> fact.contains("students come from different ones"));
        }
    }

    private static Sweep sweep(String out, Sweep.Strategy strategy, int confirm) {
        SearchSpace space = new SearchSpace(
                SearchSpace.constants(2, 4),
                SearchSpace.constants(0.5),
                List.of("logit-mse:scale=1e308", "soft-target"),
                List.of(),
                List.of());
        Recipe base =
                taught(tree -> tree.withObject("/training").put("epochs", 3).put("seed", 7));
        return new Sweep(base, space, strategy, 3, 2, confirm, home.resolve(out), context(fit -> {}));
    }

    @Test
    void shardsMakeTheSweepOfOneProgramRoundByRound() throws IOException {
        sweep("swept", Sweep.Strategy.HALVING, 2).run();
        Map<String, String> expected = bits("swept");
        List<String> stages = new ArrayList<>();
        boolean more = true;
        while (more) {
            for (int index = 0; index < 2; index++) {
                ShardResult done = sweep("divided", Sweep.Strategy.HALVING, 2).run(new Shard(index, 2));
                stages.add(done.stage());
                more = done.more();
            }
            assertThat(stages).hasSizeLessThan(12);
        }
        assertThat(stages).contains("round 1 of 2").endsWith("confirmation");
        for (int index = 0; index < 2; index++) {
            assertThat(sweep("divided", Sweep.Strategy.HALVING, 2)
                            .run(new Shard(index, 2))
                            .stage())
                    .isEqualTo("confirmation");
        }
        sweep("divided", Sweep.Strategy.HALVING, 2).run();
        assertThat(LOG)
                .as("a trial that diverged is not repeated either")
                .filteredOn(line -> line.contains("seed "))
                .allMatch(line -> line.endsWith("already finished") || !line.contains("soft-target"));
        assertThat(bits("divided")).isEqualTo(expected);
    }

    @Test
    void aSweepWithoutConfirmationIsDividedOnce() throws IOException {
        sweep("grid", Sweep.Strategy.GRID, 0).run();
        ShardResult first = sweep("grids", Sweep.Strategy.GRID, 0).run(new Shard(0, 2));
        assertThat(first.more()).isFalse();
        assertThat(first.missing()).isNotEmpty();
        ShardResult second = sweep("grids", Sweep.Strategy.GRID, 0).run(new Shard(1, 2));
        assertThat(second.missing()).isEmpty();
        sweep("grids", Sweep.Strategy.GRID, 0).run();
        assertThat(LOG).noneMatch(line -> line.matches("soft-target.*seed \\d"));
        assertThat(bits("grids")).isEqualTo(bits("grid"));
    }
}
