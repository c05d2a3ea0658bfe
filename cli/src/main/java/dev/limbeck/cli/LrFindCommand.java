package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.report.LrPicture;
import dev.limbeck.train.LrCurve;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
        name = "lr-find",
        description = "Search for a learning rate: train while it rises, and print where the loss falls most steeply.")
final class LrFindCommand extends RecipeFileCommand {
    @Option(names = "--steps", paramLabel = "N", description = "Steps at most (default: 100)")
    int steps = 100;

    @Option(names = "--picture", paramLabel = "FILE", description = "PNG file for the curve")
    @Nullable
    Path picture;

    @Override
    Object run() {
        Numbers.atLeast(LrCurve.FEWEST_STEPS, "--steps", steps);
        OutputFile.check("--picture", picture);
        Recipe recipe = recipe(false);
        LrCurve curve = new RecipeRun(recipe, options.context(this)).lrFind(steps);
        say(Texts.format(
                "suggested: --lr %.1e (%d steps)",
                curve.suggestion(), curve.rates().size()));
        Path file = picture;
        if (file != null) {
            sayWritten(() -> {
                LrPicture.write(curve, file);
                return "picture: " + file;
            });
        }
        return curve;
    }
}
