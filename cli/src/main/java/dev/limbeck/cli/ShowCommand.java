package dev.limbeck.cli;

import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.image.ImageDataRecipe;
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
        optionListHeading = "Picture",
        description = "Draw a batch of training images after augmentation, or a model's predictions on a split.")
final class ShowCommand extends DataCommand {
    @Option(names = "--model", paramLabel = "FILE", description = "Show what this model takes images for")
    @Nullable
    Path model;

    @Mixin
    ModelFileOptions says = new ModelFileOptions();

    @Option(names = "--split", paramLabel = "NAME", description = "With --model: train, valid or test (default: valid)")
    Split split = Split.VALID;

    @Option(names = "--worst", description = "With --model: the images with the highest loss, worst first")
    boolean worst;

    @Option(names = "--samples", paramLabel = "N", description = "With --model: number of images (default: 32)")
    int rows = 32;

    @Option(names = "--out", required = true, paramLabel = "FILE", description = "PNG file to write")
    Path out = Path.of("");

    @Override
    Object run() {
        if (!data.isNamed()) throw missing("--data");
        Numbers.atLeast(1, "--samples", rows);
        onlyIf(
                model != null,
                "is for a model's predictions, found no --model; add it, or leave this out",
                "--split",
                "--worst",
                "--samples",
                "--classes",
                "--weights-key",
                "--model-output",
                "--model-layout",
                "--model-channels");
        engine.apply();
        ImageDataRecipe recipe = data.recipe();
        Path named = model;
        RunContext context = context();
        if (named == null) {
            Architecture any = says.checkpoint.arch == null ? Zoo.CIFAR_RESNET20 : Zoo.byName(says.checkpoint.arch);
            try (ImageData images = recipe.open(0, any, Map.of(), context)) {
                images.show(out);
                context.logData(images);
            }
        } else {
            try (LoadedModel opened = LoadedModel.open(this, named.toString(), says, data.settings);
                    ImageData images = opened.open(recipe, context)) {
                results(opened, images);
                context.logData(images);
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
