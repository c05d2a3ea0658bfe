package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** Offer everything that a recipe with a teacher says, and where it is carried out. */
final class RecipeOptions {
    @Mixin
    DataOptions data = new DataOptions();

    @Mixin
    TrainingOptions training = new TrainingOptions();

    @Mixin
    DistillationOptions teaching = new DistillationOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    /** Put a recipe together of a file, if there is one, and the options. */
    Recipe recipe(LimbeckCommand command, @Nullable Path file, boolean taught) {
        return Recipes.of(command, file, data, training, teaching, taught);
    }

    /** Return where recipes are carried out, after a check that the device is there. */
    RunContext context(LimbeckCommand command) {
        engine.apply();
        return command.context(engine, data.workers);
    }
}
