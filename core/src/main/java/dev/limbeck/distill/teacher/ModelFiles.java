package dev.limbeck.distill.teacher;

import dev.limbeck.io.Checksum;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Identify a model by everything that is read for it: its file and the files that this one names, such as the
 * {@code .onnx.data} beside an ONNX file. What else decides its outputs (class names, preparation, kind of output) is part of
 * the file, or of the settings that records keep beside. The version of the runtime is left out, since it changes outputs by
 * rounding only.
 */
public final class ModelFiles {
    private ModelFiles() {}

    /**
     * Return the files that a model is read from: its own first, then those that it names, each once.
     *
     * @throws dev.limbeck.LimbeckException if one is missing, shorter than it must be, or outside the model's folder
     */
    public static List<Path> of(Path model) {
        return ModelRuntimes.find(model).map(runtime -> runtime.files(model)).orElseGet(() -> List.of(model));
    }

    /**
     * Compute a SHA-256 in hex over all files of a model: of the bytes if there is one; else over the SHA-256 of each, in hex,
     * a line each in the order of {@link #of}. Large files take a while, so keep it.
     */
    public static String sha256(Path model) {
        List<Path> files = of(model);
        if (files.size() == 1) return Checksum.sha256Of(files.get(0));
        return Checksum.sha256Of(files.stream().map(Checksum::sha256Of).collect(Collectors.joining("\n", "", "\n")));
    }

    /** Return how many bytes the files of a model have together. */
    public static long bytes(Path model) {
        long sum = 0;
        for (Path file : of(model)) {
            try {
                sum += Files.size(file);
            } catch (IOException e) {
                throw IoErrors.reading(file, e);
            }
        }
        return sum;
    }
}
