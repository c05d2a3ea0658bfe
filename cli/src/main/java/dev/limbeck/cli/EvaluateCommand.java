package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Ops;
import dev.limbeck.train.Evaluator;
import dev.limbeck.train.Metric;
import dev.limbeck.train.RunDirectory;
import dev.limbeck.train.RunJson;
import dev.limbeck.train.SavedModel;
import dev.limbeck.train.Validation;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(name = "evaluate", description = "Judge a trained model on a split of labelled images.")
final class EvaluateCommand extends LimbeckCommand {
    private static final int NAMED = 5;

    @Mixin
    ModelOptions model = new ModelOptions();

    @Option(names = "--split", defaultValue = "test", description = "train, valid or test (default: test).")
    Split split = Split.TEST;

    @Option(
            names = "--views",
            defaultValue = "0",
            description = "Take the mean over so many augmented views besides, such as 4 (default: none).")
    int views;

    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        ObjectNode tree = RecipeFiles.tree();
        data.into(tree);
        if (data.data == null) throw missing("--data");
        Numbers.atLeast(0, "--views", views);
        engine.apply();
        try (SavedModel saved = model.open()) {
            if (split != Split.TEST) splitAsItsRun(saved, (ObjectNode) tree.get("data"));
            DataRecipe recipe = RecipeFiles.bind(tree.get("data"), DataRecipe.class, "");
            Architecture architecture = Zoo.byName(saved.architecture());
            return evaluate(saved, recipe, architecture);
        }
    }

    private Object evaluate(SavedModel saved, DataRecipe recipe, Architecture architecture) {
        try (ImageData images = recipe.open(0, architecture, saved.preparation(), context(engine, data.workers))) {
            checkClasses(saved, images.classNames());
            saved.module().to(Engine.device(engine.device));
            Device device = Engine.device(engine.device);
            List<Metric> metrics = List.of(RecipeRun.metrics(images));
            Validation validation = views == 0
                    ? Evaluator.run(saved.module(), images, split, device, metrics, Ops::crossEntropy)
                    : Evaluator.runViews(saved.module(), images, split, views, device, metrics);
            say(Texts.format(
                    "%s on %,d images (%s): %s, loss %.4f",
                    saved.architecture(),
                    images.size(split),
                    split.label(),
                    Texts.metrics(validation.metrics()),
                    validation.loss()));
            Map<String, Object> result = new LinkedHashMap<>();
            result.put("model", saved.file().toString());
            result.put("architecture", saved.architecture());
            result.put("model_sha256", saved.sha256());
            result.put("split", split.label());
            result.put("views", views);
            result.put("rows", images.size(split));
            result.putAll(validation.metrics());
            result.put("loss", validation.loss());
            return result;
        }
    }

    /** Take the validation split by lot as the model's own run did, so that it is judged on what it has not seen. */
    private static void splitAsItsRun(SavedModel saved, ObjectNode data) {
        Path recorded = saved.file().resolveSibling(RunDirectory.RECORD_NAME);
        if (!Files.isRegularFile(recorded)) return;
        JsonNode run = RunJson.read(recorded).path("data");
        for (String key : List.of("seed", "valid_fraction")) {
            if (!data.has(key) && run.path(key).isNumber()) data.set(key, run.get(key));
        }
    }

    private static String shown(List<String> names) {
        String first = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
        return names.size() > NAMED ? first + ", … (" + names.size() + ")" : first;
    }

    static void checkClasses(SavedModel saved, List<String> names) {
        if (saved.classes() != names.size()) {
            throw new LimbeckException("the model knows " + saved.classes() + " classes, the data has " + names.size()
                    + "; evaluate on data of the same classes");
        }
        if (!saved.classNames().isEmpty() && !saved.classNames().equals(names)) {
            throw new LimbeckException("the model's classes are " + shown(saved.classNames()) + ", the data's are "
                    + shown(names) + "; evaluate on data of the same classes");
        }
    }
}
