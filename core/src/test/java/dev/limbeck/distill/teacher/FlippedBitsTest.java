package dev.limbeck.distill.teacher;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.run.RunJson;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Flip bits in every kind of file that is written and read again: each flip is rejected in one line, or changes
 * nothing.
 */
class FlippedBitsTest {
    private static final int FLIPS = 250;

    @TempDir
    Path folder;

    /** Open a file after each of many single-bit flips; return how many were rejected. */
    private int flip(Path file, int flips, Function<Path, String> meaning) throws IOException {
        byte[] sound = Files.readAllBytes(file);
        String expected = meaning.apply(file);
        Random random = new Random(7);
        int refused = 0;
        for (int i = 0; i < flips; i++) {
            byte[] damaged = sound.clone();
            // Half of the flips are in the first bytes, which hold headers.
            int at = random.nextInt(i % 2 == 0 ? damaged.length : Math.min(damaged.length, 600));
            int bit = random.nextInt(8);
            damaged[at] ^= (byte) (1 << bit);
            Files.write(file, damaged);
            try {
                assertThat(meaning.apply(file)).as("bit %d of byte %d", bit, at).isEqualTo(expected);
            } catch (LimbeckException e) {
                assertThat(e.getMessage())
                        .doesNotContain("\n")
                        .contains(file.getFileName().toString());
                refused++;
            }
        }
        Files.write(file, sound);
        assertThat(meaning.apply(file)).isEqualTo(expected);
        return refused;
    }

    private static StateDict tensors() {
        StateDict state = new StateDict();
        Random random = new Random(1);
        for (int i = 0; i < 6; i++) {
            float[] values = new float[50];
            for (int j = 0; j < values.length; j++) values[j] = (float) random.nextGaussian();
            state.put("layer" + i + ".weight", Scope.retain(Tensors.of(values, 5, 10)));
        }
        state.put("layer0.num_batches_tracked", Scope.retain(Tensors.of(new long[] {3})));
        state.metadata().put("classes", "[\"cat\",\"dog\"]");
        state.metadata().put("training/position", "{\"epochs\":3}");
        return state;
    }

    private static String meaning(Path file) {
        try (StateDict state = Safetensors.read(file)) {
            List<String> all = new ArrayList<>();
            for (String name : new TreeMap<>(state.tensors()).keySet()) {
                all.add(name
                        + Arrays.toString(Tensors.toBytes(state.get(name)))
                        + Arrays.toString(state.get(name).shape()));
            }
            return all + "" + new TreeMap<>(state.metadata());
        }
    }

    @Test
    void safetensors() throws IOException {
        Path file = folder.resolve("checkpoint.safetensors");
        try (StateDict state = tensors()) {
            Safetensors.write(state, file);
        }
        assertThat(flip(file, FLIPS, FlippedBitsTest::meaning)).isGreaterThan(FLIPS * 9 / 10);
        assertThat(flip(file, FLIPS, path -> new TreeMap<>(Safetensors.readMetadata(path)).toString()))
                .isPositive();
    }

    @Test
    void models() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Module module = Zoo.byName("cifar-resnet8").create(2);
                StateDict state = module.stateDict()) {
            state.metadata()
                    .putAll(SavedModel.metadata(
                            "cifar-resnet8",
                            new Task.SingleLabel(List.of("cat", "dog")),
                            Map.of("image_size", "16x16")));
            Safetensors.write(state, file);
        }
        int refused = flip(file, 40, path -> {
            try (SavedModel model = SavedModel.open(path, null)) {
                return model.sha256() + model.classNames() + model.preprocessing();
            }
        });
        assertThat(refused).isGreaterThan(30);
    }

    @Test
    void predictions() throws IOException {
        Path file = folder.resolve("predictions.safetensors");
        PredictionFile.write(
                Map.of(Split.TEST, Predictions.ofLabels(new float[] {1, 2, 3, 4, 5, 6}, 3, new int[] {0, 2})), file);
        assertThat(flip(file, FLIPS, path -> {
                    Predictions read = PredictionFile.read(path).get(Split.TEST);
                    return Arrays.toString(read.outputs()) + Arrays.toString(read.labels());
                }))
                .isGreaterThan(FLIPS / 2);
    }

    @Test
    void records() throws IOException {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("limbeck", "0.1.0");
        document.put("recipe", recipe().toTree());
        document.put(
                "epochs",
                List.of(Map.of("train_loss", 0.30000000000000004, "rate", 1e-5, "steps", 3), Map.of("accuracy", 1.0)));
        document.put("model_sha256", "ab");
        Path file = folder.resolve("run.json");
        AtomicFile.write(file, RunJson.sealed(document));
        assertThat(flip(file, FLIPS, path -> RunJson.read(path).toString())).isGreaterThan(FLIPS / 2);
        assertThat(flip(
                        file,
                        FLIPS,
                        path -> RecipeFiles.bind(RecipeFiles.recipeTree(path), "run.json")
                                .toYaml()))
                .isGreaterThan(FLIPS / 2);
    }

    private static Recipe recipe() {
        return Recipe.parse("{data: {source: shapes}, student: cifar-resnet8, training: {epochs: 3, lr: 0.01}}");
    }

    @Test
    void cachedOutputs() throws IOException {
        Map<String, String> facts = new TreeMap<>(Map.of("classes", "3", "teacher", "ab", "form", "1"));
        List<String> log = new ArrayList<>();
        DiskStore store = new DiskStore(folder.resolve("kept"), facts, 12, log::add);
        for (int i = 0; i < 20; i++)
            store.put(new SampleKey(i, i), new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 0, 12);
        store.close();
        flip(
                folder.resolve("kept/facts.json"),
                FLIPS,
                path -> DiskStore.facts(folder.resolve("kept")).toString());
        Path chunk;
        try (var files = Files.list(folder.resolve("kept"))) {
            chunk = files.filter(file -> file.toString().endsWith(".rows"))
                    .findFirst()
                    .orElseThrow();
        }
        int refused = flip(chunk, FLIPS, path -> {
            log.clear();
            DiskStore opened = new DiskStore(folder.resolve("kept"), facts, 12, log::add);
            ByteBuffer row = ByteBuffer.allocate(12);
            boolean found = opened.get(new SampleKey(3, 3), row);
            // A damaged chunk is reported, and its rows are recomputed.
            if (!found) throw new LimbeckException(log.get(0));
            return Arrays.toString(row.array());
        });
        assertThat(refused).isEqualTo(FLIPS);
    }

    @Test
    void aLongRunsRecordIsReadBack() throws IOException {
        Map<String, Object> row = new LinkedHashMap<>();
        for (int i = 0; i < 4; i++) row.put("number_" + i, 0.1 / (i + 3));
        for (int epochs : new int[] {10_000, 100_000}) {
            List<Map<String, Object>> rows = new ArrayList<>();
            for (int i = 0; i < epochs; i++) rows.add(row);
            Map<String, Object> document = new LinkedHashMap<>();
            document.put("limbeck", "0.1.0");
            document.put("recipe", recipe().toTree());
            document.put("epochs", rows);
            document.put("model_sha256", "ab");
            Path file = folder.resolve("run.json");
            AtomicFile.write(file, RunJson.sealed(document));
            assertThat(RunJson.read(file).get("epochs")).hasSize(epochs);
            assertThat(RecipeFiles.bind(RecipeFiles.recipeTree(file), "run.json"))
                    .isEqualTo(recipe());
        }
    }
}
