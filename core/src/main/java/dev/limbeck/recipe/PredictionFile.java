package dev.limbeck.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.Targets;
import dev.limbeck.model.SavedModel;
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
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Read and write the outputs and targets of splits as a safetensors file. For classification by one label, {@code
 * test.logits} is rows×classes and {@code test.labels} has the rows' class indices. For other tasks, {@code test.outputs}
 * and {@code test.targets} are rows×columns. The metadata holds the task.
 */
public final class PredictionFile {
    /** File name in a run directory. */
    public static final String NAME = RunDirectory.PREDICTIONS_NAME;

    private static final String NAMES = "names";
    private static final ObjectMapper JSON = new ObjectMapper();

    private PredictionFile() {}

    /** Write a file and replace an existing one. */
    public static void write(Map<Split, Predictions> predictions, Path file) {
        try (StateDict state = new StateDict()) {
            predictions.forEach((split, of) -> {
                boolean labels = of.targets().areLabels();
                state.put(
                        split.label() + (labels ? ".logits" : ".outputs"),
                        Scope.retain(Tensors.of(of.outputs(), of.size(), of.width())));
                state.put(
                        split.label() + (labels ? ".labels" : ".targets"),
                        Scope.retain(of.targets().tensor()));
                state.metadata().putAll(of.task().toMetadata());
                state.metadata().put(NAMES, json(of.task().names()));
            });
            Safetensors.write(state, file);
        }
    }

    private static String json(List<String> names) {
        try {
            return JSON.writeValueAsString(names);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a list of strings is always JSON", e);
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
            Task task = Task.of(
                    state.metadata(),
                    SavedModel.classNames(file.toString(), state.metadata().get(NAMES)));
            boolean labels = task.kind() == Task.Kind.SINGLE_LABEL;
            for (Split split : Split.values()) {
                String outputs = split.label() + (labels ? ".logits" : ".outputs");
                if (state.contains(outputs)) predictions.put(split, predictions(state, split, outputs, task));
            }
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw new LimbeckException(file + ": has no predictions (" + e.getMessage() + ")", e);
        }
        return predictions;
    }

    private static Predictions predictions(StateDict state, Split split, String name, Task task) {
        Tensor outputs = state.get(name);
        float[] values = Tensors.toFloats(outputs);
        int width = Math.toIntExact(outputs.size(1));
        if (task.kind() != Task.Kind.SINGLE_LABEL) {
            Tensor targets = state.get(split.label() + ".targets");
            return new Predictions(values, width, task, Targets.values(width, Tensors.toFloats(targets)));
        }
        int[] labels = Arrays.stream(Tensors.toLongs(state.get(split.label() + ".labels")))
                .mapToInt(Math::toIntExact)
                .toArray();
        // Files of earlier versions have no names.
        return task.names().isEmpty()
                ? Predictions.ofLabels(values, width, labels)
                : new Predictions(values, width, task, Targets.labels(labels));
    }
}
