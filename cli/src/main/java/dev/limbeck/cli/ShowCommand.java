package dev.limbeck.cli;

import dev.limbeck.Settings;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.DataRecipe;
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
        description = "Draw a batch of training images after augmentation, or a model's predictions on a split.")
final class ShowCommand extends LimbeckCommand {
    @Option(names = "--model", paramLabel = "FILE", description = "Show the predictions of this model")
    @Nullable
    Path model;

    @Mixin
    ModelFileOptions foreign = new ModelFileOptions();

    @Option(names = "--arch", paramLabel = "NAME", description = "Architecture, if the file does not contain it")
    @Nullable
    String arch;

    @Option(
            names = "--weights-key",
            paramLabel = "KEY",
            description = "Which of several sets of weights in a checkpoint, such as model_ema")
    @Nullable
    String weightsKey;

    @Option(
            names = "--split",
            defaultValue = "valid",
            paramLabel = "NAME",
            description = "With --model: train, valid or test (default: valid)")
    Split split = Split.VALID;

    @Option(names = "--worst", description = "With --model: the images with the highest loss, worst first")
    boolean worst;

    @Option(
            names = "--samples",
            paramLabel = "N",
            defaultValue = "32",
            description = "With --model: number of images (default: 32)")
    int rows;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "PNG file to write")
    Path out = Path.of("");

    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    @Override
    SettingOptions settings() {
        return data.settings;
    }

    @Override
    String heading() {
        return "Picture";
    }

    @Override
    Object run() {
        if (!data.isNamed()) throw missing("--data");
        Settings.atLeast(1, "--samples", rows);
        engine.apply();
        DataRecipe recipe = data.recipe();
        Path named = model;
        RunContext context = context(engine, data.workers());
        if (named == null) {
            Architecture any = arch == null ? Zoo.CIFAR_RESNET20 : Zoo.byName(arch);
            try (ImageData images = recipe.open(0, any, Map.of(), context)) {
                images.show(out);
                context.tell(images);
            }
        } else {
            try (LoadedModel opened = LoadedModel.open(this, named, arch, weightsKey, foreign, data.settings);
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
