package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
import dev.limbeck.distill.teacher.ModelFiles;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Hold everything that an export needs.
 *
 * @param name name of the architecture
 * @param task the task, with class or target names
 * @param classes number of outputs
 * @param inputs inputs of the network
 * @param metadata metadata for weights; graphs have no scale of targets, see {@link #graphMetadata}
 * @param parameters number of parameters; 0 if unknown
 * @param sha256 SHA-256 of weights and buffers; for a script without names, of its file
 * @param file file of the weights; null for none
 * @param script creates the graph; the caller closes it
 * @param state copies the weights; null if they have no names
 * @param outputs computes outputs for a batch; numbers are in the targets' units
 */
record ExportModel(
        String name,
        Task task,
        int classes,
        Preprocessing preprocessing,
        List<InputSpec> inputs,
        Map<String, String> metadata,
        long parameters,
        String sha256,
        @Nullable Path file,
        Supplier<Script> script,
        @Nullable Supplier<StateDict> state,
        Function<Inputs, Tensor> outputs) {

    static ExportModel of(SavedModel saved) {
        Modality modality = Modalities.ofSaved(saved.preprocessing());
        Preprocessing preprocessing = saved.preprocessing().isEmpty()
                // Without preprocessing, use the architecture's default.
                ? modality.assumed(Zoo.byName(saved.architecture()).imageSize())
                : modality.preprocessing(saved.preprocessing());
        Map<String, String> metadata = new LinkedHashMap<>(saved.metadata());
        metadata.putAll(preprocessing.toMetadata());
        return of(
                saved.module(),
                saved.architecture(),
                saved.task(),
                saved.classes(),
                preprocessing,
                metadata,
                saved.file());
    }

    static ExportModel of(Module module, Task task, Preprocessing preprocessing) {
        return of(
                module,
                module.describe(),
                task,
                task.outputs(),
                preprocessing,
                SavedModel.metadata(module.describe(), task, preprocessing),
                null);
    }

    private static ExportModel of(
            Module module,
            String name,
            Task task,
            int classes,
            Preprocessing preprocessing,
            Map<String, String> metadata,
            @Nullable Path file) {
        List<InputSpec> inputs = inputs(preprocessing);
        return new ExportModel(
                name,
                task,
                classes,
                preprocessing,
                inputs,
                metadata,
                module.parameterCount(),
                module.sha256(),
                file,
                () -> Rescaled.compile(module, task, inputs),
                module::stateDict,
                given -> Rescaled.predict(module, task, module.adapt(given)));
    }

    static ExportModel of(Path script, Task task, Preprocessing preprocessing, Script opened) {
        return new ExportModel(
                script.getFileName().toString(),
                task,
                task.outputs(),
                preprocessing,
                inputs(preprocessing),
                SavedModel.metadata(script.getFileName().toString(), task, preprocessing),
                0,
                ModelFiles.sha256(script),
                script,
                () -> TorchScriptFile.open(script).load(),
                null,
                opened::forward);
    }

    private static List<InputSpec> inputs(Preprocessing preprocessing) {
        if (preprocessing.equals(Preprocessing.none())) {
            throw new LimbeckException("an export describes the model's inputs, found none; train on data with a kind "
                    + "of its own (Preprocessing.fixed, Modality)");
        }
        return Modalities.byKind(preprocessing.kind()).inputs(preprocessing);
    }

    /** Return the same model without the name and the ranges of quantization-aware training; see {@link FakeQuantization#off}. */
    ExportModel floating() {
        String plain = plain(name);
        Map<String, String> others = new LinkedHashMap<>(metadata);
        others.computeIfPresent(SavedModel.ARCHITECTURE, (key, stored) -> plain(stored));
        Supplier<StateDict> all = state;
        Supplier<StateDict> weights = all == null ? null : () -> withoutRanges(all);
        String sum = sha256;
        if (weights != null) {
            try (StateDict own = weights.get()) {
                sum = own.sha256();
            }
        }
        return new ExportModel(
                plain, task, classes, preprocessing, inputs, others, parameters, sum, file, script, weights, outputs);
    }

    private static String plain(String architecture) {
        return Zoo.find(architecture)
                .map(found -> found.withoutQuantization().name())
                .orElse(architecture);
    }

    private static StateDict withoutRanges(Supplier<StateDict> all) {
        StateDict plain = new StateDict();
        try (StateDict state = all.get()) {
            for (String tensor : state.names()) {
                if (!FakeQuantization.isRange(tensor)) plain.put(tensor, Scope.retain(Tensors.copy(state.get(tensor))));
            }
        }
        return plain;
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
}
