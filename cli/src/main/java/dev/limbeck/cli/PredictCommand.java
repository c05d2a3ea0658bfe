package dev.limbeck.cli;

import dev.limbeck.Classifier;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.Regressor;
import dev.limbeck.data.image.ImageFiles;
import dev.limbeck.data.image.SkippedFile;
import dev.limbeck.data.rows.RowEncoding;
import dev.limbeck.data.rows.RowInputs;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.image.ImageOutcome;
import dev.limbeck.predict.image.Predictor;
import dev.limbeck.predict.image.RegressionPredictor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
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

    @Option(
            names = "--json-lines",
            description = "Print a JSON object in a line for each input, as soon as it is known")
    boolean jsonLines;

    @Parameters(
            arity = "1..*",
            paramLabel = "INPUT",
            description = "Images or folders; texts; files of rows or lines; folders of .txt")
    List<String> inputs = List.of();

    @Override
    Object run() {
        Numbers.atLeast(1, "--top", top);
        if (json && jsonLines) throw new WrongOption("found --json and --json-lines; choose one");
        // An image that is missing is said before a large model is opened.
        if (!LoadedModel.mayReadRows(model)) requireOne();
        try (LoadedModel loaded = load(model, says)) {
            onlyIf(!loaded.isRegression(), "is for classes, found a model of numbers; leave it out", "--top");
            RowEncoding encoding = loaded.rows();
            if (encoding != null) return rows(loaded, encoding);
            return images(loaded);
        }
    }

    /** Refuse inputs if none exists. */
    private void requireOne() {
        if (inputs.stream().noneMatch(RowInputs::isPath)) LoadedModel.requireImage(Path.of(inputs.get(0)));
    }

    private List<Map<String, Object>> rows(LoadedModel loaded, RowEncoding saved) {
        RowInputs given = RowInputs.read(inputs, saved, this::log);
        RowEncoding encoding = given.encoding();
        List<Map<String, Object>> results = new ArrayList<>();
        if (loaded.isRegression()) {
            try (Regressor<RowEncoding.Encoded> regressor = loaded.regressor(encoding, given.examples())) {
                given.predict(regressor::predictAll, (name, found) -> add(results, name, "numbers", found));
            }
        } else {
            try (Classifier<RowEncoding.Encoded> classifier = loaded.classifier(encoding, given.examples())) {
                given.predict(
                        classifier::predictAll, (name, found) -> add(results, name, "probabilities", found.best(top)));
            }
        }
        return results;
    }

    private void add(List<Map<String, Object>> results, String name, String what, Map<String, Double> values) {
        say(Printable.line(name) + ": " + (what.equals("numbers") ? Texts.numbers(values) : Texts.shares(values)));
        result(results, "input", name, what, values);
    }

    private List<Map<String, Object>> images(LoadedModel loaded) {
        requireOne();
        ImageFiles found = ImageFiles.of(inputs.stream().map(Path::of).toList());
        if (!found.others().isEmpty()) log("files left out that are not images: " + found.others());
        if (found.files().isEmpty() && found.lost().isEmpty()) {
            throw new LimbeckException("no images in " + inputs + "; expected " + ImageFormat.READ + " files");
        }
        Outcomes outcomes = new Outcomes(found.files().size() + found.lost().size());
        if (loaded.isRegression()) {
            try (RegressionPredictor predictor = loaded.regressor()) {
                predictor.predictFiles(
                        found.files(), one -> outcomes.add(one, "numbers", Function.identity(), Texts::numbers));
            }
        } else {
            try (Predictor predictor = loaded.predictor()) {
                predictor.predictFiles(
                        found.files(),
                        one -> outcomes.add(one, "probabilities", prediction -> prediction.best(top), Texts::shares));
            }
        }
        for (SkippedFile lost : found.lost()) {
            outcomes.lose(
                    lost.file(),
                    "cannot read image " + lost.file() + ": " + lost.reason().words());
        }
        return outcomes.results();
    }

    /** Collect what came of images, and print it. */
    private final class Outcomes {
        private final List<Map<String, Object>> results = new ArrayList<>();
        private final int all;
        private int lost;

        Outcomes(int all) {
            this.all = all;
        }

        <P> void add(
                ImageOutcome<P> one,
                String what,
                Function<P, Map<String, Double>> values,
                Function<Map<String, Double>, String> text) {
            P prediction = one.prediction();
            if (prediction == null) {
                lose(one.file().toString(), String.valueOf(one.problem()));
                return;
            }
            Map<String, Double> found = values.apply(prediction);
            say(one.file() + ": " + text.apply(found));
            result(results, "image", one.file().toString(), what, found);
        }

        void lose(String file, String problem) {
            if (all == 1) throw new LimbeckException(problem);
            lost++;
            log("limbeck: " + problem);
            result(results, "image", file, "error", problem);
        }

        List<Map<String, Object>> results() {
            if (lost == all) throw new LimbeckException("none of the " + all + " images could be read");
            if (lost > 0) {
                leaveOut(Texts.format(
                        "%,d of %,d images could not be read; the others are answered (exit code 4)", lost, all));
            }
            return results;
        }
    }

    /** Hold a result for the JSON document, or print its line. */
    private void result(List<Map<String, Object>> results, String kind, String name, String what, Object values) {
        Map<String, Object> result = new LinkedHashMap<>();
        result.put(kind, name);
        result.put(what, values);
        if (jsonLines) terminal().jsonLine(result);
        else if (json) results.add(result);
    }

    @Override
    void say(String line) {
        if (!jsonLines) super.say(line);
    }
}
