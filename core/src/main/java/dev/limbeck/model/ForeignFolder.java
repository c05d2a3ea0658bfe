package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Point to the files of weights in a folder that is no run. */
public final class ForeignFolder {
    /** File names of weights used by people and libraries. */
    private static final Pattern WEIGHTS =
            Pattern.compile("(?i).+\\.(safetensors|bin|pth?|ckpt|th|tar|onnx|index\\.json)");

    private static final int NAMED = 5;

    private ForeignFolder() {}

    /**
     * Return an error that lists the weight files of a folder, if a Hugging Face library wrote it or it holds other
     * weights.
     *
     * @return the error, or null for any other folder
     */
    public static @Nullable LimbeckException error(Path folder) {
        if (!Files.isDirectory(folder) || Files.isRegularFile(folder.resolve(SavedModel.FILE_NAME))) return null;
        String files = weights(folder);
        if (files.isEmpty()) return null;
        return new LimbeckException(folder + " is a folder of another library, without " + SavedModel.FILE_NAME
                + "; give its file of weights, " + files);
    }

    /** Return the files of weights in a folder, with "or" between them; empty if there are none. */
    static String weights(Path folder) {
        try (Stream<Path> all = Files.list(folder)) {
            return all.filter(Files::isRegularFile)
                    .map(one -> one.getFileName().toString())
                    .filter(name -> WEIGHTS.matcher(name).matches())
                    .sorted()
                    .limit(NAMED)
                    .map(name -> folder.resolve(name).toString())
                    .collect(Collectors.joining(" or "));
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }
}
