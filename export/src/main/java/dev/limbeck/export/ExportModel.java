package dev.limbeck.export;

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
 * @param classes number of outputs
 * @param metadata metadata for the files
 * @param parameters number of parameters; 0 if unknown
 * @param sha256 SHA-256 of weights and buffers; for a script without names, of its file
 * @param file file of the weights; null for none
 * @param script creates the graph; the caller closes it
 * @param state copies the weights; null if they have no names
 * @param answer computes outputs for a batch
 */
record ExportModel(
        String name,
        List<String> classNames,
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
                saved.classNames(),
                saved.classes(),
                preparation,
                metadata,
                saved.file());
    }

    static ExportModel of(Module module, List<String> classNames, ImagePreprocessing preparation) {
        return of(
                module,
                module.describe(),
                classNames,
                classNames.size(),
                preparation,
                SavedModel.metadata(module.describe(), classNames, preparation.toMetadata()),
                null);
    }

    private static ExportModel of(
            Module module,
            String name,
            List<String> classNames,
            int classes,
            ImagePreprocessing preparation,
            Map<String, String> metadata,
            @Nullable Path file) {
        return new ExportModel(
                name,
                classNames,
                classes,
                preparation,
                metadata,
                module.parameterCount(),
                module.sha256(),
                file,
                () -> ScriptWriter.compile(module),
                module::stateDict,
                input -> module.predict(module.adapt(Inputs.of(input))));
    }

    static ExportModel of(Path script, List<String> classNames, ImagePreprocessing preparation, Script opened) {
        return new ExportModel(
                script.getFileName().toString(),
                classNames,
                classNames.size(),
                preparation,
                SavedModel.metadata(script.getFileName().toString(), classNames, preparation.toMetadata()),
                0,
                ModelFiles.sha256(script),
                script,
                () -> TorchScriptFile.open(script).load(),
                null,
                opened::forward);
    }

    /** If the model has no preprocessing, use the architecture's default. */
    private static ImagePreprocessing preparation(SavedModel saved) {
        if (!saved.preparation().isEmpty()) return ImagePreprocessing.of(saved.preparation());
        return ImagePreprocessing.defaults(Zoo.byName(saved.architecture()).imageSize());
    }
}
