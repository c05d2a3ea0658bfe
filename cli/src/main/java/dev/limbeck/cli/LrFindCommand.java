package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.report.LrPicture;
import dev.limbeck.train.LrCurve;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "lr-find",
        description = "Search for a learning rate: train while it rises, and print where the loss falls most steeply.")
final class LrFindCommand extends LimbeckCommand {
    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "A YAML file; options override it.")
    @Nullable
    Path file;

    @Mixin
    RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--steps",
            paramLabel = "N",
            defaultValue = "100",
            description = "Maximum number of steps (default: 100)")
    int steps = 100;

    @Option(names = "--picture", paramLabel = "FILE", description = "PNG file for the curve")
    @Nullable
    Path picture;

    @Override
    SettingOptions settings() {
        return options.settings;
    }

    @Override
    Object run() {
        Recipe recipe = options.recipe(this, file, false);
        LrCurve curve = new RecipeRun(recipe, options.context(this)).lrFind(steps);
        say(Texts.format(
                "suggested: --lr %.1e (%d steps)",
                curve.suggestion(), curve.rates().size()));
        if (picture != null) {
            LrPicture.write(curve, picture);
            say("picture: " + picture);
        }
        return curve;
    }
}
