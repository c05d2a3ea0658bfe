package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.TeacherCaching;
import picocli.CommandLine.Command;

@Command(
        name = "cache",
        description =
                "Ask a teacher about every image that training will show it, and keep the answers in a folder for "
                        + "distill, compare and sweep; goes on where it was interrupted.")
final class CacheCommand extends RecipeFileCommand {
    @Override
    Object run() {
        Recipe recipe = recipe(true);
        TeacherCaching kept = TeacherCaching.of(recipe, options.context(this));
        say(Texts.format(
                "answers about %,d training images are in %s, %,.1f MB, after %.1f s",
                kept.rows(), kept.folder(), kept.bytes() / 1e6, kept.seconds()));
        kept.changes()
                .forEach((loss, values) -> say(Texts.format(
                        "%s for a student that knows nothing: %.6g by cached outputs, %.6g by live ones (%+.3f %%)",
                        loss, values.get(0), values.get(1), 100 * (values.get(0) / values.get(1) - 1))));
        return kept;
    }
}
