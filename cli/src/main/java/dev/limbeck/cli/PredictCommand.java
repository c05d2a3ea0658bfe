package dev.limbeck.cli;

import dev.limbeck.Settings;
import dev.limbeck.predict.Predictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "predict", optionListHeading = "Model", description = "Classify images.")
final class PredictCommand extends ImageCommand {
    @Option(names = "--model", required = true, paramLabel = "FILE", description = ModelFileOptions.KINDS)
    Path model = Path.of("");

    @Mixin
    ModelFileOptions says = new ModelFileOptions();

    @Option(names = "--top", description = "Number of classes to show (default: 3).")
    int top = 3;

    @Parameters(arity = "1..*", paramLabel = "IMAGE", description = "Image files.")
    List<Path> images = List.of();

    @Override
    Object run() {
        Settings.atLeast(1, "--top", top);
        List<Map<String, Object>> results = new ArrayList<>();
        images.forEach(LoadedModel::requireImage);
        try (Predictor predictor = predictor(model, says)) {
            for (Path image : images) {
                Map<String, Double> best = predictor.predict(image).best(top);
                say(image + ": " + Texts.metrics(best));
                results.add(Map.of("image", image.toString(), "probabilities", best));
            }
        }
        return results;
    }
}
