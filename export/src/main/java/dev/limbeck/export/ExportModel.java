package dev.limbeck.export;

import dev.limbeck.Task;
import dev.limbeck.distill.teacher.ModelFiles;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Script;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold everything that an export needs.
 *
 * @param name name of the architecture
 * @param task the task, with class or target names
 * @param classes number of outputs
 * @param metadata metadata for weights; graphs have no scale of targets, see {@link #graphMetadata}
 * @param parameters number of parameters; 0 if unknown
 * @param sha256 SHA-256 of weights and buffers; for a script without names, of its file
 * @param file file of the weights; null for none
 * @param script creates the graph; the caller closes it
 * @param state copies the weights; null if they have no names
 * @param answer computes outputs for a batch; numbers are in the targets' units
 */
record ExportModel(
        String name,
        Task task,
        int classes,
        ImagePreprocessing preparation,
        Map<String, String> metadata,
        long parameters,
        String sha256,
        @Nullable Path file,
        Supplier<Script> script,
        @Nullable Supplier<StateDict> state,
        UnaryOperator<Tensor> answer) {

    static ExportModel of(SavedModel saved) {
        ImagePreprocessing preparation = preparation(saved);
        Map<String, String> metadata = new LinkedHashMap<>(saved.metadata());
        metadata.putAll(preparation.toMetadata());
        return of(
                saved.module(),
                saved.architecture(),
                saved.task(),
                saved.classes(),
                preparation,
                metadata,
                saved.file());
    }

    static ExportModel of(Module module, Task task, ImagePreprocessing preparation) {
        return of(
                module,
                module.describe(),
                task,
                task.outputs(),
                preparation,
                SavedModel.metadata(module.describe(), task, preparation.toMetadata()),
                null);
    }

    private static ExportModel of(
            Module module,
            String name,
            Task task,
            int classes,
            ImagePreprocessing preparation,
            Map<String, String> metadata,
            @Nullable Path file) {
        return new ExportModel(
                name,
                task,
                classes,
                preparation,
                metadata,
                module.parameterCount(),
                module.sha256(),
                file,
                () -> ScriptWriter.compile(Rescaled.of(module, task)),
                module::stateDict,
                input -> Rescaled.of(module, task).predict(module.adapt(Inputs.of(input))));
    }

    static ExportModel of(Path script, Task task, ImagePreprocessing preparation, Script opened) {
        return new ExportModel(
                script.getFileName().toString(),
                task,
                task.outputs(),
                preparation,
                SavedModel.metadata(script.getFileName().toString(), task, preparation.toMetadata()),
                0,
                ModelFiles.sha256(script),
                script,
                () -> TorchScriptFile.open(script).load(),
                null,
                opened::forward);
    }

    /** Return the metadata for a graph, whose outputs are in the targets' units. */
    Map<String, String> graphMetadata() {
        Map<String, String> graph = new LinkedHashMap<>(metadata);
        if (task instanceof Task.Regression) {
            graph.keySet().removeAll(task.toMetadata().keySet());
            graph.put(Task.KEY, task.kind().key());
        }
        return graph;
    }

    List<String> classNames() {
        return task.names();
    }

    /** If the model has no preprocessing, use the architecture's default. */
    private static ImagePreprocessing preparation(SavedModel saved) {
        if (!saved.preparation().isEmpty()) return ImagePreprocessing.of(saved.preparation());
        return ImagePreprocessing.defaults(Zoo.byName(saved.architecture()).imageSize());
    }
}
