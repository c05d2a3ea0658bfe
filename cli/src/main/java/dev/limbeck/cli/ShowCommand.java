package dev.limbeck.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.DataRecipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.ResultsPicture;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "show",
        description = "Draw a batch of training images as a network sees them, or what a model makes of a split.")
final class ShowCommand extends LimbeckCommand {
    @Option(names = "--model", description = "Show what this model takes images for. " + ModelOptions.KINDS)
    @Nullable
    Path model;

    @Mixin
    ModelFileOptions foreign = new ModelFileOptions();

    @Option(names = "--arch", description = "Architecture: of the model where its file does not name it.")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            description = "Where in a checkpoint with several sets of weights those to take lie, such as model_ema.")
    @Nullable
    String weightsKey;

    @Option(
            names = "--split",
            defaultValue = "valid",
            description = "With --model: train, valid or test (default: valid).")
    Split split = Split.VALID;

    @Option(names = "--worst", description = "With --model: the images that it finds hardest, worst first.")
    boolean worst;

    @Option(names = "--samples", defaultValue = "32", description = "With --model: how many images (default: 32).")
    int rows;

    @Option(names = "--out", required = true, description = "PNG file to write.")
    Path out = Path.of("");

    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    Object run() {
        ObjectNode tree = RecipeFiles.tree();
        data.into(tree);
        if (data.data == null) throw missing("--data");
        Settings.atLeast(1, "--samples", rows);
        engine.apply();
        DataRecipe recipe = RecipeFiles.bind(tree.get("data"), DataRecipe.class, "");
        Path named = model;
        RunContext context = context(engine, data.workers);
        if (named == null) {
            Architecture any = arch == null ? Zoo.CIFAR_RESNET20 : Zoo.byName(arch);
            try (ImageData images = recipe.open(0, any, Map.of(), context)) {
                images.show(out);
                context.tell(images);
            }
        } else {
            try (LoadedModel opened = LoadedModel.open(this, named, arch, weightsKey, foreign, data);
                    ImageData images = opened.open(recipe, context)) {
                results(opened, images);
                context.tell(images);
            }
        }
        say("written to " + out);
        return Map.of("picture", out.toString());
    }

    private void results(LoadedModel opened, ImageData images) {
        Predictions predictions = opened.validate(images, split, 0, Engine.device(engine.device), List.of())
                .predictions();
        if (worst) ResultsPicture.writeWorst(images, split, predictions, rows, out);
        else ResultsPicture.write(images, split, predictions, rows, out);
    }
}
