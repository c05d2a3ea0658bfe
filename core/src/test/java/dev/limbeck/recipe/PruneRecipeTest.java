package dev.limbeck.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.compare.Comparison;
import dev.limbeck.compare.ComparisonResult;
import dev.limbeck.data.image.PicturesForTests;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Summary;
import dev.limbeck.prune.Criterion;
import dev.limbeck.prune.PrunableNetwork;
import dev.limbeck.prune.Pruned;
import dev.limbeck.prune.Pruning;
import dev.limbeck.run.RunRecord;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.train.Callback;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that a trained student is pruned, perhaps in steps, and taught by its teacher. */
class PruneRecipeTest {
    private static final List<InputSpec> IMAGES = List.of(InputSpec.floats(3, 32, 32));

    @TempDir
    static Path home;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        PicturesForTests.write(home.resolve("pictures"), 12, "cat", "dog", "fish");
        PicturesForTests.write(home.resolve("others"), 6, "cat", "dog");
        new RecipeRun(recipe("cifar-resnet8", tree -> tree.remove("teacher")), RunContext.silent())
                .run(home.resolve("teacher"), false);
        try (SavedModel teacher = SavedModel.open(home.resolve("teacher"), null);
                Pruned half = new Pruning(Criterion.L1).toShare(PrunableNetwork.of(teacher, IMAGES), 0.5)) {
            half.save(home.resolve("half.safetensors"), teacher);
        }
    }

    private static Recipe recipe(String student, Consumer<ObjectNode> change) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", home.resolve("pictures").toString())
                .put("batch_size", 6)
                .put("image_size", 32)
                .put("valid_fraction", 0.25);
        tree.putObject("teacher").put("model", home.resolve("teacher").toString());
        tree.put("student", student);
        tree.putObject("training").put("epochs", 2).put("lr", 1e-3).put("precision", "fp32");
        change.accept(tree);
        return RecipeFiles.bind(tree, "");
    }

    private static RunContext context(Consumer<String> log, Callback... watchers) {
        RunContext silent = RunContext.silent();
        return new RunContext("cpu", null, log, silent.download(), silent.prepare(), () -> List.of(watchers));
    }

    @Test
    void aPrunedFileIsAStudentThatGoesOnFromItsWeights() throws IOException {
        List<String> log = new ArrayList<>();
        String file = Files.copy(home.resolve("half.safetensors"), home.resolve("replaced.safetensors"))
                .toString();
        // With this learning rate, the weights stay as they are.
        Recipe recipe = recipe(
                file, tree -> tree.withObject("/training").put("lr", 1e-12).put("epochs", 1));
        RunRecord record = new RecipeRun(recipe, context(log::add)).run(home.resolve("taught"), false);
        String name = SavedModel.readMetadata(Path.of(file)).get("architecture");
        assertThat(name).startsWith("cifar-resnet8@");
        assertThat(record.training().architecture()).isEqualTo(name);
        assertThat(log).anyMatch(line -> line.endsWith(" tensors read from " + file + ", its classifier too"));
        try (SavedModel before = SavedModel.open(Path.of(file), null);
                SavedModel after = SavedModel.open(home.resolve("taught"), null)) {
            assertThat(after.architecture()).isEqualTo(name);
            assertThat(after.module().parameters().keySet())
                    .isEqualTo(before.module().parameters().keySet());
            before.module()
                    .parameters()
                    .forEach((path, weight) -> assertThat(
                                    weight.sub(after.module().parameters().get(path))
                                            .abs()
                                            .max()
                                            .item_double())
                            .as(path)
                            .isLessThan(1e-6));
        }
        // A pruned student is compared with one of the same architecture with initial weights.
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        recipes.put("pruned", recipe);
        recipes.put(
                "anew",
                recipe(
                        name,
                        tree -> tree.withObject("/training").put("lr", 1e-12).put("epochs", 1)));
        ComparisonResult result = new Comparison(recipes, 1, 0, home.resolve("compared"), context(line -> {})).run();
        assertThat(result.variants())
                .extracting(ComparisonResult.Variant::name)
                .containsExactly("alone", "pruned", "anew");
        // Another file by the same name is another start.
        try (SavedModel other = SavedModel.open(home.resolve("teacher"), null);
                Pruned third = new Pruning(Criterion.L1).toShare(PrunableNetwork.of(other, IMAGES), 0.3)) {
            third.save(Path.of(file), other);
        }
        Comparison again =
                new Comparison(Map.of("pruned", recipe), 1, 0, home.resolve("compared"), context(line -> {}));
        assertThatThrownBy(again::run).isInstanceOf(LimbeckException.class).hasMessageContaining(ResumePoint.START);
    }

    @Test
    void prunesInStepsWithDistillationBetweenAndResumesWithTheSameBits() {
        Recipe recipe = recipe(
                home.resolve("teacher").toString(),
                tree -> tree.putObject("prune")
                        .put("macs", 0.3)
                        .put("criterion", "taylor")
                        .put("steps", 3));
        assertThat(recipe.epochs()).isEqualTo(4);
        List<String> log = new ArrayList<>();
        RunRecord record = new RecipeRun(recipe, context(log::add)).run(home.resolve("steps"), false);
        assertThat(record.epochs()).hasSize(4);
        List<String> prunings =
                log.stream().filter(line -> line.matches("pruned .*: .*")).toList();
        assertThat(prunings).hasSize(3);
        assertThat(prunings.get(2))
                .matches("pruned \\(3 of 3\\): " + record.training().architecture()
                        + ": [\\d,]+ of [\\d,]+ MACs \\([\\d.]+ %\\), .*");
        try (SavedModel made = SavedModel.open(home.resolve("steps"), null)) {
            Summary whole = summary("cifar-resnet8");
            double share = (double) Summary.of(made.module(), IMAGES).macs() / whole.macs();
            assertThat(share).isBetween(0.27, 0.3);
            assertThat(made.sha256()).isEqualTo(record.modelSha256());
        }
        // Four batches an epoch: interrupted after the first epoch of the last fit.
        Callback interruption = new Callback() {
            private int left = 3 * 4 + 2;

            @Override
            public void afterForward(TrainStep step) {
                if (left-- == 0) throw new IllegalStateException("interrupted");
            }
        };
        Path out = home.resolve("interrupted");
        assertThatThrownBy(() -> new RecipeRun(recipe, context(line -> {}, interruption)).run(out, false))
                .hasMessageContaining("interrupted");
        log.clear();
        RunRecord resumed = new RecipeRun(recipe, context(log::add)).resume().run(out, false);
        assertThat(log).noneMatch(line -> line.matches("pruned .*: .*"));
        assertThat(resumed.training().architecture())
                .isEqualTo(record.training().architecture());
        assertThat(resumed.modelSha256()).isEqualTo(record.modelSha256());
    }

    private static Summary summary(String name) {
        try (dev.limbeck.nn.Module network = Zoo.byName(name).create(3)) {
            return Summary.of(network, IMAGES);
        }
    }

    @Test
    void wrongStudentsAreRefusedInOneLine() {
        String teacher = home.resolve("teacher").toString();
        String half = home.resolve("half.safetensors").toString();
        refused(
                () -> recipe("cifar-resnet8", tree -> tree.putObject("prune").put("macs", 0.5)),
                "only a trained student can be pruned, found cifar-resnet8; set student (--student) to a run or a model"
                        + " file");
        refused(
                () -> recipe(half, tree -> tree.putObject("pretrained")),
                "a student starts from one set of weights, found student " + half + " and pretrained; leave one out");
        refused(() -> recipe("no-such-net", tree -> {}), "no architecture 'no-such-net'");
        refused(
                () -> run(recipe(home.resolve("nothing.safetensors").toString(), tree -> {})),
                "no student at " + home.resolve("nothing.safetensors")
                        + "; expected an architecture, a run directory or a .safetensors file");
        refused(
                () -> run(recipe(teacher, tree -> tree.putObject("prune").put("macs", 0.01))),
                "cifar-resnet8 cannot be pruned to ");
        refused(
                () -> run(recipe(half, tree -> {
                    tree.withObject("/data")
                            .put("source", home.resolve("others").toString());
                    tree.remove("teacher");
                })),
                half + " knows the classes [");
    }

    private static void run(Recipe recipe) {
        new RecipeRun(recipe, RunContext.silent()).run(home.resolve("refused"), false);
    }

    private static void refused(ThrowingCallable what, String message) {
        assertThatThrownBy(what)
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .satisfies(e -> assertThat(e.getMessage()).hasLineCount(1));
        assertThat(home.resolve("refused")).doesNotExist();
    }
}
