package dev.limbeck.cli;

import dev.limbeck.Classifier;
import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.Settings;
import dev.limbeck.Softmax;
import dev.limbeck.Task;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowInputs;
import dev.limbeck.predict.image.Predictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "explain",
        optionListHeading = "Model",
        description = "Show a model's probabilities for an image, or given logits, at several temperatures.")
final class ExplainCommand extends ImageCommand {
    @Option(names = "--logits", split = ",", description = "Logits to soften, in place of a model and an image.")
    double @Nullable [] logits;

    @Option(names = "--labels", split = ",", description = "Names of the logits.")
    @Nullable
    List<String> labels;

    @Option(names = "--model", description = ModelFileOptions.KINDS)
    @Nullable
    Path model;

    @Mixin
    ModelFileOptions says = new ModelFileOptions();

    @Option(
            names = {"-T", "--temperature"},
            split = ",",
            description = "Temperatures; may be repeated (default: 1, 3, 5, 20).")
    double[] temperatures = {1, 3, 5, 20};

    @Parameters(arity = "0..1", paramLabel = "INPUT", description = "An image file, a text, or a file with one row.")
    @Nullable
    String input;

    @Override
    Object run() {
        for (double temperature : temperatures) WrongOption.in(() -> Settings.positive("--temperature", temperature));
        double[] values;
        List<String> names;
        boolean severalLabels = false;
        double[] given = logits;
        if (given != null) {
            if (model != null || input != null) {
                throw new WrongOption("found --logits and a model or an input; set --logits, or --model with an input");
            }
            String withModel = "is for a model, found --logits; leave it out";
            onlyIf(
                    false,
                    withModel,
                    "--arch",
                    "--weights-key",
                    "--classes",
                    "--task",
                    "--model-output",
                    "--model-layout",
                    "--model-channels");
            onlyIf(false, withModel, settings().without(List.of()));
            values = given;
            names = labels != null
                    ? labels
                    : IntStream.range(0, given.length)
                            .mapToObj(i -> "class " + i)
                            .toList();
        } else {
            if (model == null || input == null) {
                throw new WrongOption("nothing to explain; set --logits 1.2,5.1,0.3 or --model with an input");
            }
            if (labels != null) throw new WrongOption("--labels is for --logits; a model has its own class names");
            if (!LoadedModel.mayReadRows(model)) LoadedModel.requireImage(Path.of(input));
            try (LoadedModel loaded = load(model, says)) {
                Prediction prediction = prediction(loaded, input);
                values = prediction.logits();
                names = prediction.classNames();
                severalLabels = prediction.task().kind() == Task.Kind.MULTI_LABEL;
            }
        }
        if (names.size() != values.length) {
            throw new WrongOption("expected one label for each of the " + values.length + " logits, found "
                    + names.size() + " labels");
        }
        if (Set.copyOf(names).size() != names.size()) {
            throw new WrongOption("labels must be unique, found " + String.join(", ", names));
        }
        Task task = severalLabels ? new Task.MultiLabel(names) : new Task.SingleLabel(names);
        return given == null ? show(values, task) : WrongOption.in(() -> show(values, task));
    }

    private Prediction prediction(LoadedModel loaded, String input) {
        if (loaded.isRegression()) {
            throw new LimbeckException(loaded.named() + " predicts numbers, which have no probabilities; see predict");
        }
        RowEncoding encoding = loaded.rows();
        if (encoding == null) {
            Path image = Path.of(input);
            LoadedModel.requireImage(image);
            try (Predictor predictor = loaded.predictor()) {
                return predictor.predict(image);
            }
        }
        RowInputs given = RowInputs.read(List.of(input), encoding, this::log);
        if (given.rows().size() != 1) {
            throw new LimbeckException(input + " must have one row to explain, found "
                    + given.rows().size() + "; see predict for several");
        }
        try (Classifier<RowEncoding.Encoded> classifier = loaded.classifier(given.encoding(), given.rows())) {
            return classifier.predictAll(given.rows()).get(0);
        }
    }

    private Object show(double[] values, Task task) {
        List<String> names = task.names();
        int width = names.stream().mapToInt(String::length).max().orElse(0);
        List<Map<String, Object>> results = new ArrayList<>();
        for (double temperature : temperatures) {
            double[] probabilities = task.kind() == Task.Kind.SINGLE_LABEL
                    ? Softmax.of(values, temperature)
                    : task.decode(
                            Arrays.stream(values).map(z -> z / temperature).toArray());
            say("T = " + (temperature == Math.rint(temperature) ? "" + (long) temperature : "" + temperature));
            Map<String, Double> named = new LinkedHashMap<>();
            for (int i = 0; i < probabilities.length; i++) {
                say(Texts.bar(names.get(i), width, probabilities[i]));
                named.put(names.get(i), probabilities[i]);
            }
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("temperature", temperature);
            result.put("probabilities", named);
            results.add(result);
        }
        return results;
    }
}
