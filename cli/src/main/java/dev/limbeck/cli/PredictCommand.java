package dev.limbeck.cli;

import dev.limbeck.Classifier;
import dev.limbeck.Prediction;
import dev.limbeck.Printable;
import dev.limbeck.Regressor;
import dev.limbeck.Settings;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowInputs;
import dev.limbeck.predict.image.Predictor;
import dev.limbeck.predict.image.RegressionPredictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "predict",
        optionListHeading = "Model",
        description = "Predict the classes or numbers of images, texts or rows of tables.")
final class PredictCommand extends ImageCommand {
    @Option(names = "--model", required = true, paramLabel = "FILE", description = ModelFileOptions.KINDS)
    Path model = Path.of("");

    @Mixin
    ModelFileOptions says = new ModelFileOptions();

    @Option(names = "--top", description = "Number of classes to show (default: 3).")
    int top = 3;

    @Parameters(
            arity = "1..*",
            paramLabel = "INPUT",
            description = "Images; texts; files of rows or lines of text; folders of .txt files")
    List<String> inputs = List.of();

    @Override
    Object run() {
        Settings.atLeast(1, "--top", top);
        boolean files = inputs.stream().allMatch(RowInputs::isPath);
        // An image that is missing is said before a large model is opened.
        if (!files && !LoadedModel.mayReadRows(model))
            inputs.forEach(input -> LoadedModel.requireImage(Path.of(input)));
        try (LoadedModel loaded = load(model, says)) {
            RowEncoding encoding = loaded.rows();
            if (encoding != null) return rows(loaded, encoding);
            List<Path> images = inputs.stream().map(Path::of).toList();
            images.forEach(LoadedModel::requireImage);
            return loaded.isRegression() ? numbers(loaded, images) : probabilities(loaded, images);
        }
    }

    private List<Map<String, Object>> rows(LoadedModel loaded, RowEncoding saved) {
        RowInputs given = RowInputs.read(inputs, saved, this::tell);
        RowEncoding encoding = given.encoding();
        List<String> names = given.names();
        List<Map<String, Object>> results = new ArrayList<>();
        if (loaded.isRegression()) {
            try (Regressor<RowEncoding.Encoded> regressor = loaded.regressor(encoding, given.examples())) {
                List<Map<String, Double>> found = given.predict(regressor::predictAll);
                for (int i = 0; i < found.size(); i++) add(results, names.get(i), "numbers", found.get(i));
            }
        } else {
            try (Classifier<RowEncoding.Encoded> classifier = loaded.classifier(encoding, given.examples())) {
                List<Prediction> found = given.predict(classifier::predictAll);
                for (int i = 0; i < found.size(); i++)
                    add(results, names.get(i), "probabilities", found.get(i).best(top));
            }
        }
        return results;
    }

    private void add(List<Map<String, Object>> results, String name, String what, Map<String, Double> values) {
        say(Printable.line(name) + ": " + (what.equals("numbers") ? Texts.numbers(values) : Texts.shares(values)));
        results.add(Map.of("input", name, what, values));
    }

    private List<Map<String, Object>> probabilities(LoadedModel loaded, List<Path> images) {
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

    private List<Map<String, Object>> numbers(LoadedModel loaded, List<Path> images) {
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
