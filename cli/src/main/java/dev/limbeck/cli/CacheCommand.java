package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.TeacherCaching;
import picocli.CommandLine.Command;

@Command(
        name = "cache",
        description = "Compute a teacher's outputs for every training image and view, and cache them in a folder for "
                + "distill, compare and sweep. Continues after an interruption.")
final class CacheCommand extends RecipeFileCommand {
    @Override
    Object run() {
        Recipe recipe = recipe(true);
        TeacherCaching kept = TeacherCaching.of(recipe, options.context(this));
        say(Texts.format(
                "outputs for %,d training rows are in %s, %,.1f MB, after %.1f s",
                kept.rows(), kept.folder(), kept.bytes() / 1e6, kept.seconds()));
        kept.costs().forEach((loss, cost) -> {
            say(Texts.format(
                    "%s for a student with uniform predictions: %.6g with cached outputs, %.6g with live ones (%+.3f %%)",
                    loss, cost.cached(), cost.live(), 100 * (cost.cached() / cost.live() - 1)));
            say(Texts.format(
                    "%s for a student that gives the cached outputs exactly: %.6g with live ones", loss, cost.apart()));
        });
        return kept;
    }
}
