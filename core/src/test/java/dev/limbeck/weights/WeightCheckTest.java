package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WeightCheckTest {
    private static final String VARIANCE = "bn1.running_var";

    @TempDir
    Path folder;

    /** Write a network with a given number in a tensor of its first batch norm, and load it. */
    private void load(String tensor, float value) {
        Path file = folder.resolve("model.safetensors");
        try (Module module = Zoo.byName("cifar-resnet8").create(2);
                StateDict state = module.stateDict()) {
            float[] values = Tensors.toFloats(state.get(tensor));
            values[3] = value;
            state.put(tensor, Scope.retain(Tensors.of(values, values.length)));
            // Valid transformers have such buffers besides their weights.
            state.put("mask", Scope.retain(Tensors.of(new float[] {0, Float.NEGATIVE_INFINITY, -Float.MAX_VALUE}, 3)));
            state.put("position_ids", Scope.retain(Tensors.of(new long[] {Long.MAX_VALUE}, 1)));
            Safetensors.write(state, file);
            WeightFiles.load(file, module);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "bn1.weight, NaN",
        "bn1.weight, Infinity",
        "bn1.bias, -Infinity",
        "bn1.running_mean, 2e17",
        "bn1.running_var, -0.5"
    })
    void refusesWhatNoTrainingLeaves(String tensor, float value) {
        assertThatThrownBy(() -> load(tensor, value))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("model.safetensors: tensor '" + tensor + "' holds ")
                .hasMessageContaining("1e+10");
    }

    @Test
    void takesWhatIsOnlyLarge() {
        load(VARIANCE, 1e9f);
        load("bn1.weight", -3e5f);
    }

    @Test
    void aDamagedStorageOfAPyTorchCheckpointIsFound() throws IOException {
        byte[] sound = Files.readAllBytes(TorchCheckpointTest.fixture("types.zip.pt"));
        String text = new String(sound, StandardCharsets.ISO_8859_1);
        Path file = folder.resolve("damaged.pt");
        int found = 0;
        for (int at = text.indexOf("/data/"); at >= 0; at = text.indexOf("/data/", at + 1)) {
            byte[] damaged = sound.clone();
            // The name is followed by padding to 64 bytes, then the numbers.
            int storage = (at + 63) / 64 * 64;
            if (storage >= sound.length) continue;
            damaged[storage] ^= 4;
            Files.write(file, damaged);
            try {
                WeightFiles.read(file).close();
            } catch (LimbeckException e) {
                if (e.getMessage().contains("does not fit its checksum")) found++;
            }
        }
        assertThat(found).isPositive();
    }
}
