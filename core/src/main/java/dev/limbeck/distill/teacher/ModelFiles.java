package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import dev.limbeck.weights.Checksum;
import dev.limbeck.weights.FileTrouble;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * Identify a model by everything that is read for it: its file and the files that this one names, such as the
 * {@code .onnx.data} beside an ONNX file. What else decides its outputs (class names, preparation, kind of output) is part of
 * the file, or of the settings that records keep beside. The version of the runtime is left out, since it changes outputs by
 * rounding only.
 *
 * @param files the model's own first, then what it names, each once
 * @param sha256 of the file's bytes if it is the only one; else over the SHA-256 of each, in hex, a line each in that order
 */
public record ModelFiles(List<Path> files, String sha256) {
    /**
     * Read a model's files, each once.
     *
     * @throws LimbeckException if one is missing, shorter than it must be, or outside the model's folder
     */
    public static ModelFiles of(Path model) {
        ModelRuntime runtime = ModelRuntime.of(model);
        List<Path> files = runtime == null ? List.of(model) : runtime.files(model);
        List<String> each = files.stream().map(Checksum::sha256Of).toList();
        return new ModelFiles(files, each.size() == 1 ? each.get(0) : sha256(String.join("\n", each) + "\n"));
    }

    /** Return how many bytes the files have together. */
    public long bytes() {
        long sum = 0;
        for (Path file : files) {
            try {
                sum += Files.size(file);
            } catch (IOException e) {
                throw FileTrouble.reading(file, e);
            }
        }
        return sum;
    }

    /** Return the SHA-256 of a text's UTF-8 bytes in hex. */
    public static String sha256(String text) {
        try {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
