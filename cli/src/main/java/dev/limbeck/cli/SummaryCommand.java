package dev.limbeck.cli;

import dev.limbeck.io.MissingFile;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "summary", aliases = "layers", description = "List the layers of a network with shapes and parameters.")
final class SummaryCommand extends LimbeckCommand {
    /** What no architecture's name has: a separator, or the ending of a file. */
    private static final Pattern PATH = Pattern.compile("[/\\\\]|\\.[A-Za-z]\\w*$");

    @Parameters(
            arity = "0..1",
            paramLabel = "MODEL",
            description = "A trained model or an architecture, instead of --model and --arch.")
    @Nullable
    String named;

    @Option(names = "--arch", description = "Architecture, such as resnet18.")
    @Nullable
    String arch;

    @Option(names = "--model", description = "A trained model instead of an architecture.")
    @Nullable
    Path model;

    @Option(
            names = "--weights-key",
            description = "Which of several sets of weights in a checkpoint, such as model_ema.")
    @Nullable
    String weightsKey;

    @Option(names = "--classes", description = "Number of classes (default: 10).")
    int classes = 10;

    @Option(names = "--image-size", description = "Side of the square images (default: the architecture's).")
    @Nullable
    Integer imageSize;

    @Override
    Object run() {
        Numbers.atLeast(1, "--image-size", imageSize);
        if (named != null) {
            String twice = "found with " + named + "; leave out one of the two";
            onlyIf(false, twice, "--model");
            Path file = Path.of(named);
            if (Files.exists(file)) model = file;
            else if (PATH.matcher(named).find()) throw MissingFile.of("model", file);
            else {
                onlyIf(false, twice, "--arch");
                arch = named;
            }
        }
        onlyIf(model != null, "is for a checkpoint, found an architecture; leave it out", "--weights-key");
        if (model != null) {
            onlyIf(false, "is for an architecture, found " + model + ", which has its own; leave it out", "--classes");
            try (SavedModel saved = SavedModel.open(model, arch == null ? null : Zoo.byName(arch), weightsKey)) {
                return show(saved.module(), ModelInputs.of(saved, imageSize));
            }
        }
        if (arch == null)
            throw new WrongOption(
                    "nothing to list; set --model, or --arch to one of " + String.join(", ", Zoo.names()));
        Numbers.atLeast(1, "--classes", classes);
        Architecture architecture = WrongOption.in(() -> Zoo.byName(arch));
        try (Module network = architecture.create(classes)) {
            int side = imageSize == null ? architecture.imageSize() : imageSize;
            return show(network, List.of(InputSpec.floats(3, side, side)));
        }
    }

    private Object show(Module network, List<InputSpec> inputs) {
        Summary summary = Summary.of(network, inputs);
        summary.toString().lines().forEach(this::say);
        return summary;
    }
}
