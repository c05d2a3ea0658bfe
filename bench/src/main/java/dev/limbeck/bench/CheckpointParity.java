package dev.limbeck.bench;

import dev.limbeck.LimbeckException;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Open one network's checkpoint in many formats and compare its outputs with PyTorch's. The files come from {@code
 * bench/checkpoint-forms.py}; {@code bench/checkpoint-parity.sh} creates them, runs this and deletes them.
 */
public final class CheckpointParity {
    private static final double ALLOWED = 1e-5;

    private CheckpointParity() {}

    /**
     * Run the benchmark; options are {@code --arch --folder --verbose}. Fails if a format is rejected or an output
     * differs by more than 1e-5.
     */
    public static void main(String... arguments) throws IOException {
        Options options = Options.of(Map.of("arch", "resnet18", "folder", "", "verbose", "false"), arguments);
        Path folder = Path.of(options.text("folder"));
        Architecture architecture = Zoo.byName(options.text("arch"));
        List<String> wrong = new ArrayList<>();
        double largest = 0;
        int forms = 0;
        try (StateDict expected = WeightFiles.read(folder.resolve("expected.pt"))) {
            for (Path file : forms(folder)) {
                forms++;
                try {
                    double difference = difference(file, architecture, expected);
                    if (options.flag("verbose")) {
                        System.out.printf(Locale.ROOT, "%s %.1e%n", file.getFileName(), difference);
                    }
                    largest = Math.max(largest, difference);
                    if (!(difference <= ALLOWED)) wrong.add(file + ": differs by " + difference);
                } catch (LimbeckException e) {
                    wrong.add(e.getMessage());
                }
            }
        }
        System.out.printf(
                Locale.ROOT, "| %s | %d of %d | %.1e |%n", architecture, forms - wrong.size(), forms, largest);
        wrong.forEach(System.err::println);
        if (!wrong.isEmpty()) System.exit(1);
    }

    private static List<Path> forms(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> !file.toString().endsWith(".key") && !file.endsWith("expected.pt"))
                    .sorted()
                    .toList();
        }
    }

    /** Return the largest difference of outputs relative to the largest output. */
    private static double difference(Path file, Architecture architecture, StateDict expected) throws IOException {
        Path keyFile = file.resolveSibling(file.getFileName() + ".key");
        String key = Files.exists(keyFile) ? Files.readString(keyFile) : null;
        String own = "output of " + file.getFileName();
        if (key != null) requireRefusal(file, architecture);
        try (SavedModel saved = SavedModel.open(file, architecture, key);
                Scope scope = Scope.open()) {
            double[] found = Tensors.toDoubles(saved.module().predict(expected.get("input")));
            double[] wanted = Tensors.toDoubles(expected.get(expected.contains(own) ? own : "output"));
            double largest = 0;
            double difference = 0;
            for (int i = 0; i < wanted.length; i++) {
                largest = Math.max(largest, Math.abs(wanted[i]));
                difference = Math.max(difference, Math.abs(wanted[i] - found[i]));
            }
            return difference / largest;
        }
    }

    /** Check that a file that requires a key is not read without one. */
    private static void requireRefusal(Path file, Architecture architecture) {
        try (SavedModel guessed = SavedModel.open(file, architecture)) {
            throw new LimbeckException(file + ": one of several sets of weights was chosen");
        } catch (LimbeckException e) {
            if (!String.valueOf(e.getMessage()).contains("several sets of weights that fit")) throw e;
        }
    }
}
