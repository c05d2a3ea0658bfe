package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Parameters;

/** Share what commands do that work on one recipe, which a file says, options do, or both. */
abstract class RecipeFileCommand extends RecipeCommand {
    @Parameters(arity = "0..1", paramLabel = "RECIPE", description = "A YAML file; options override it.")
    @Nullable
    Path file;

    /**
     * Put the recipe together.
     *
     * @param withTeacher whether options alone must name a teacher
     */
    Recipe recipe(boolean withTeacher) {
        return options.recipe(this, file, withTeacher && file == null);
    }
}
