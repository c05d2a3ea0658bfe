package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.data.Data;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.evaluate.PredictionDiff;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Metric;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "evaluate",
        optionListHeading = "Model",
        description = "Evaluate a trained model on a split of labeled data.")
final class EvaluateCommand extends DataCommand {
    private static final String LOSS = "loss";

    @Option(names = "--model", required = true, paramLabel = "FILE", description = ModelFileOptions.KINDS + ", URL")
    String model = "";

    @Option(names = "--against", paramLabel = "FILE", description = "Another model, compared on the same rows")
    @Nullable
    String against;

    @Mixin
    ModelFileOptions says = new ModelFileOptions();

    @Option(names = "--split", paramLabel = "NAME", description = "train, valid or test (default: test)")
    Split split = Split.TEST;

    @Option(
            names = "--views",
            paramLabel = "N",
            description = "Also average over N augmented views, such as 4 (default: none)")
    int views;

    @Mixin
    GateOptions gates = new GateOptions();

    @Override
    Object run() {
        ObjectNode tree = data.tree();
        if (!data.isNamed()) throw missing("--data");
        Numbers.atLeast(0, "--views", views);
        gates.check();
        engine.apply();
        // The options are for the first model. The other one needs them only for what its file does not say.
        try (LoadedModel opened = LoadedModel.open(this, model, says, data.settings);
                LoadedModel complete = against == null ? null : LoadedModel.openIfComplete(this, against);
                LoadedModel assumed = against == null || complete != null
                        ? null
                        : LoadedModel.open(this, against, says, data.settings)) {
            if (split != Split.TEST) LoadedModel.splitAsItsRun(opened.file(), tree);
            opened.requirePredictions();
            LoadedModel other = complete == null ? assumed : complete;
            if (other != null) other.requirePredictions();
            DataRecipe recipe = WrongOption.in(() -> RecipeFiles.bind(tree, DataRecipe.class, ""));
            if (complete != null) tree.remove(SettingOptions.PREPROCESSING);
            DataRecipe ofOther = RecipeFiles.bind(tree, DataRecipe.class, "");
            return evaluate(opened, recipe, other, ofOther);
        }
    }

    private Object evaluate(LoadedModel opened, DataRecipe recipe, @Nullable LoadedModel other, DataRecipe ofOther) {
        RunContext context = context();
        try (Data data = opened.open(recipe, context)) {
            boolean isPlain =
                    Arrays.equals(data.views(), new int[] {Provenance.PLAIN}) && !data.augmentsForStudentOnly();
            if (views > 0 && isPlain) {
                log("this data is not augmented, so --views changes nothing");
            }
            List<Metric> metrics = Metric.of(data.task());
            gates.check(Stream.concat(metrics.stream().map(Metric::name), Stream.of(LOSS))
                    .toList());
            EvaluationResult validation = opened.validate(data, split, views, Engine.device(engine.device), metrics);
            context.logData(data);
            say(Texts.format(
                    "%s on %,d rows (%s): %s, loss %.4f",
                    opened.architecture(),
                    data.size(split),
                    split.label(),
                    Texts.metrics(validation.metrics()),
                    validation.loss()));
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("model", opened.file());
            result.put("architecture", opened.architecture());
            result.put("model_sha256", opened.sha256());
            result.put("split", split.label());
            result.put("views", views);
            result.put("rows", data.size(split));
            Map<String, Double> found = new LinkedHashMap<>(validation.metrics());
            found.put(LOSS, validation.loss());
            result.putAll(found);
            if (other != null) result.put("against", compared(other, ofOther, validation, metrics));
            gates.judge(this, "limbeck evaluate", found);
            return result;
        }
    }

    /** Evaluate another model on the same rows, and say how many only one of the two predicts correctly. */
    private Map<String, Object> compared(
            LoadedModel other, DataRecipe recipe, EvaluationResult first, List<Metric> metrics) {
        try (Data own = other.open(recipe, context())) {
            EvaluationResult second = other.validate(own, split, views, Engine.device(engine.device), metrics);
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("model", other.file());
            result.putAll(second.metrics());
            result.put(LOSS, second.loss());
            String only = PredictionDiff.of(second.predictions(), first.predictions())
                    .map(diff -> {
                        result.put("only_model_right", diff.won().size());
                        result.put("only_against_right", diff.lost().size());
                        result.put("p", diff.pValue());
                        return Texts.format(
                                "; right only by it %,d rows, only by the first %,d (McNemar test, p = %.2g)",
                                diff.lost().size(), diff.won().size(), diff.pValue());
                    })
                    .orElse("");
            say(Texts.format("%s: %s%s", other.named(), Texts.metrics(second.metrics()), only));
            return result;
        }
    }
}
