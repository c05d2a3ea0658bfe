package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.nn.StateDict;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Read and write the logits and labels of splits as a safetensors file: {@code test.logits}, rows×classes, and {@code
 * test.labels}, rows.
 */
public final class PredictionFile {
    /** File name in a run directory. */
    public static final String NAME = RunDirectory.PREDICTIONS_NAME;

    private PredictionFile() {}

    /** Write a file and replace an existing one. */
    public static void write(Map<Split, Predictions> predictions, Path file) {
        try (StateDict state = new StateDict()) {
            predictions.forEach((split, of) -> {
                long[] labels = Arrays.stream(of.labels()).asLongStream().toArray();
                state.put(split.label() + ".logits", Scope.retain(Tensors.of(of.logits(), of.size(), of.classes())));
                state.put(split.label() + ".labels", Scope.retain(Tensors.of(labels, labels.length)));
            });
            Safetensors.write(state, file);
        }
    }

    /**
     * Read the predictions of every split in a file.
     *
     * @throws LimbeckException if the file is unreadable or not a prediction file
     */
    public static Map<Split, Predictions> read(Path file) {
        Map<Split, Predictions> predictions = new EnumMap<>(Split.class);
        try (StateDict state = WeightFiles.read(file)) {
            for (Split split : Split.values()) {
                if (!state.contains(split.label() + ".logits")) continue;
                Tensor logits = state.get(split.label() + ".logits");
                int[] labels = Arrays.stream(Tensors.toLongs(state.get(split.label() + ".labels")))
                        .mapToInt(Math::toIntExact)
                        .toArray();
                predictions.put(
                        split, new Predictions(Tensors.toFloats(logits), Math.toIntExact(logits.size(1)), labels));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new LimbeckException(file + ": has no predictions (" + e.getMessage() + ")", e);
        }
        return predictions;
    }
}
