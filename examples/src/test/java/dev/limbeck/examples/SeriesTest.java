package dev.limbeck.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test a kind of data that only this module defines. */
class SeriesTest {
    private static final String LEAST = "data: {kind: series, source: 0.5, rows: 60}\nstudent: wave-net\n";

    @TempDir
    Path folder;

    @Test
    void trainsComparesExportsAndPredicts() throws Exception {
        Series.main(folder.toString());
        JsonNode result = new ObjectMapper()
                .readTree(folder.resolve("comparison/comparison.json").toFile());
        assertThat(result.at("/teachers/0/value").asDouble()).isGreaterThan(0.9);
        assertThat(result.at("/variants/0/value/mean").asDouble()).isBetween(0.4, 1.0);
        assertThat(Files.readString(folder.resolve("dist/MODEL_CARD.md")))
                .contains("float32 N×64, prepared as `series {length=64}`")
                .contains("Verified on rows of the test split of waves with noise 0.5");

        // The exported file can be a teacher: its metadata names the kind of data.
        Recipe recipe = Recipe.parse(
                LEAST + "teacher: {model: '" + folder.resolve("dist/model.onnx") + "'}\n" + "training: {epochs: 1}\n");
        RunRecord run = new RecipeRun(recipe, RunContext.silent()).run(folder.resolve("again"), false);
        assertThat(run.recipe().at("/data/kind").asText()).isEqualTo("series");
        assertThat(Recipe.read(folder.resolve("again/run.json"))).isEqualTo(recipe);
        assertThat(Recipe.parse(recipe.toYaml())).isEqualTo(recipe);
    }

    @Test
    void settingsOfAnotherKindOfDataAreUnknown() {
        assertThatThrownBy(() -> Recipe.parse(LEAST.replace("rows", "image_size")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(
                        "image_size is not a setting of series data, which the source '0.5' is taken for");
        assertThatThrownBy(() -> Recipe.parse(LEAST.replace("rows: 60", "rows: 0")))
                .hasMessageContaining("rows must be at least 1, found 0");
        assertThatThrownBy(() -> Recipe.parse(LEAST.replace("kind: series", "kind: sounds")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("no kind of data 'sounds'");
    }

    @Test
    void anImageModelDoesNotTakeSeries() {
        Recipe recipe = Recipe.parse(LEAST.replace("wave-net", "cifar-resnet8"));
        assertThatThrownBy(() -> new RecipeRun(recipe, RunContext.silent()).run(folder.resolve("x"), false))
                .isInstanceOf(LimbeckException.class)
                .hasMessageNotContaining("\n");
        assertThat(folder.resolve("x")).doesNotExist();
        try (Data data = recipe.data().open(0, recipe.architecture(), Map.of(), RunContext.silent())) {
            assertThat(data.summary()).isEqualTo("waves with noise 0.5: 3 classes, 60 train / 300 valid / 300 test");
        }
    }
}
