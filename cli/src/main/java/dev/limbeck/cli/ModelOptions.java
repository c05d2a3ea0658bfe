package dev.limbeck.cli;

import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Offer which trained model to use. */
final class ModelOptions {
    @Option(
            names = "--model",
            required = true,
            description = "A run directory, a .safetensors file or a PyTorch checkpoint (then with --arch).")
    Path model = Path.of("");

    @Option(names = "--arch", description = "Architecture, where the file does not name it.")
    @Nullable
    String arch;

    SavedModel open() {
        return SavedModel.open(model, arch == null ? null : Zoo.byName(arch));
    }

    /** Return the class names, or numbers where the file has none. */
    static List<String> classNames(SavedModel saved) {
        if (!saved.classNames().isEmpty()) return saved.classNames();
        return numbered(saved.classes());
    }

    /** Return names for classes that have none. */
    static List<String> numbered(int classes) {
        return IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
    }
}
