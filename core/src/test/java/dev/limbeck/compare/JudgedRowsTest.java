package dev.limbeck.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.ArrayData;
import dev.limbeck.data.Data;
import dev.limbeck.data.Shard;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.InputSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.IntFunction;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that data which cannot judge runs is refused before the first of them. */
class JudgedRowsTest {
    private static final IntFunction<String> MIXED = i -> i % 2 + "," + i / 2 % 2;
    private static final IntFunction<String> NONE = i -> "0,0";
    private static final IntFunction<String> ALL_AND_NONE = i -> "1,0";

    @TempDir
    static Path home;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        new RecipeRun(recipe(folder("teacher-data", MIXED, MIXED), false), RunContext.silent())
                .run(home.resolve("teacher"), false);
    }

    private static Path folder(String name, IntFunction<String> valid, IntFunction<String> test) throws IOException {
        Path folder = Files.createDirectories(home.resolve(name));
        table(folder.resolve("train.csv"), MIXED);
        if (valid != null) table(folder.resolve("valid.csv"), valid);
        if (test != null) table(folder.resolve("test.csv"), test);
        return folder;
    }

    private static void table(Path file, IntFunction<String> labels) throws IOException {
        StringBuilder rows = new StringBuilder("x,a,b\n");
        for (int i = 0; i < 16; i++)
            rows.append(i % 4).append(',').append(labels.apply(i)).append('\n');
        Files.writeString(file, rows);
    }

    private static Recipe recipe(Path data, boolean taught) {
        ObjectNode tree = RecipeFiles.tree();
        tree.putObject("data")
                .put("source", data.toString())
                .put("task", "multi-label")
                .put("batch_size", 4)
                .put("valid_fraction", 0)
                .putArray("label_columns")
                .add("a")
                .add("b");
        tree.put("student", "mlp-8");
        tree.putObject("training").put("epochs", 1).put("lr", 1e-2);
        if (taught)
            tree.putObject("teacher").put("model", home.resolve("teacher").toString());
        return RecipeFiles.bind(tree, "");
    }

    private static Sweep sweep(Path data, int confirm) {
        SearchSpace space =
                new SearchSpace(List.of(), SearchSpace.constants(0.3, 0.9), List.of(), List.of(), List.of());
        return new Sweep(
                recipe(data, true),
                space,
                Sweep.Strategy.GRID,
                1,
                1,
                confirm,
                home.resolve("out"),
                RunContext.silent());
    }

    private static Comparison comparison(Path data, boolean taught) {
        Recipe recipe = recipe(data, taught);
        return new Comparison(
                taught ? Map.of("distilled", recipe) : Map.of("one", recipe, "two", recipe),
                2,
                0,
                home.resolve("out"),
                RunContext.silent());
    }

    private static void refused(ThrowingCallable call, String expected) {
        assertThatThrownBy(call).isInstanceOf(LimbeckException.class).hasMessage(expected);
        assertThat(home.resolve("out")).as("nothing was trained").doesNotExist();
    }

    @Test
    void aSweepNeedsLabelsThatDiffer() throws IOException {
        String constant =
                "runs are judged by average_precision on the %s split, but every label is the same in all of its"
                        + " rows (%s, no row with 'b'); use more rows of that split";
        Path none = folder("none", NONE, MIXED);
        refused(() -> sweep(none, 1).run(), constant.formatted("valid", "no row with 'a'"));
        Path all = folder("all", ALL_AND_NONE, MIXED);
        refused(() -> sweep(all, 0).run(), constant.formatted("valid", "no row without 'a'"));
        refused(() -> sweep(all, 0).run(new Shard(0, 2)), constant.formatted("valid", "no row without 'a'"));
        Path untested = folder("unconfirmed", MIXED, NONE);
        refused(() -> sweep(untested, 1).run(), constant.formatted("test", "no row with 'a'"));
        refused(() -> comparison(untested, true).run(), constant.formatted("test", "no row with 'a'"));
    }

    @Test
    void aComparisonNeedsTestOrValidationRows() throws IOException {
        Path neither = folder("neither", null, null);
        for (boolean taught : new boolean[] {true, false}) {
            String expected =
                    "a comparison is judged on test or validation rows, but the data has neither; add test rows"
                            + " (a folder or file named test, --test-data), or set valid_fraction above 0";
            refused(() -> comparison(neither, taught).run(), expected);
            refused(() -> comparison(neither, taught).run(new Shard(0, 2)), expected);
        }
        Task task = new Task.MultiLabel(List.of("a"));
        try (Data unknown = new ArrayData(task, InputSpec.floats(1), 2, 0)
                .with(Split.TEST, new float[2][1], Targets.values(1, Float.NaN, Float.NaN))) {
            refused(
                    () -> JudgedRows.ofComparison(unknown),
                    "runs are judged by labels of the test split, but none of its rows has one; give some labels");
        }
    }
}
