package dev.limbeck.cli;

import dev.limbeck.Settings;
import dev.limbeck.predict.Predictor;
import dev.limbeck.predict.RegressionPredictor;
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
        images.forEach(LoadedModel::requireImage);
        try (LoadedModel loaded = load(model, says)) {
            return loaded.isRegression() ? numbers(loaded) : probabilities(loaded);
        }
    }

    private List<Map<String, Object>> probabilities(LoadedModel loaded) {
        List<Map<String, Object>> results = new ArrayList<>();
        try (Predictor predictor = loaded.predictor()) {
            for (Path image : images) {
                Map<String, Double> best = predictor.predict(image).best(top);
                say(image + ": " + Texts.shares(best));
                results.add(Map.of("image", image.toString(), "probabilities", best));
            }
        }
        return results;
    }

    private List<Map<String, Object>> numbers(LoadedModel loaded) {
        List<Map<String, Object>> results = new ArrayList<>();
        try (RegressionPredictor predictor = loaded.regressor()) {
            for (Path image : images) {
                Map<String, Double> numbers = predictor.predict(image);
                say(image + ": " + Texts.numbers(numbers));
                results.add(Map.of("image", image.toString(), "numbers", numbers));
            }
        }
        return results;
    }
}
