package dev.limbeck.distill.teacher;

import dev.limbeck.io.Checksum;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Identify a model by all files it is read from: its own file and the files that this one references, such as the
 * {@code .onnx.data} file of an ONNX model. Other inputs to its outputs (class names, preprocessing, kind of output)
 * are part of the file, or of the settings that run records store. The runtime's version is not included, because it
 * changes outputs only by rounding.
 */
public final class ModelFiles {
    private ModelFiles() {}

    /**
     * Return all files of a model: its own first, then each referenced file once.
     *
     * @throws dev.limbeck.LimbeckException if a file is missing, truncated or outside the model's folder
     */
    public static List<Path> of(Path model) {
        return ModelRuntimes.find(model).map(runtime -> runtime.files(model)).orElseGet(() -> List.of(model));
    }

    /**
     * Return a SHA-256 in hex over all files of a model. For one file it is the hash of its bytes. For several it is
     * the hash of their hex hashes, one per line, in the order of {@link #of}. This is slow for large files, so store
     * the result.
     */
    public static String sha256(Path model) {
        List<Path> files = of(model);
        if (files.size() == 1) return Checksum.sha256Of(files.get(0));
        return Checksum.sha256Of(files.stream().map(Checksum::sha256Of).collect(Collectors.joining("\n", "", "\n")));
    }

    /** Return the total size of a model's files in bytes. */
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
