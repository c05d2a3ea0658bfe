package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;

/** Offer everything that a recipe says, and where it is carried out. */
final class RecipeOptions {
    final SettingOptions settings;

    @Mixin
    WorkerOptions workers = new WorkerOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    /** Offer the settings of a teacher and of distillation too. */
    RecipeOptions() {
        this(true);
    }

    /**
     * Offer settings.
     *
     * @param taught whether those of a teacher and of distillation are among them
     */
    RecipeOptions(boolean taught) {
        settings = SettingOptions.ofRecipe(taught);
    }

    /**
     * Put a recipe together of a file, if there is one, and the options.
     *
     * @param taught whether to insist on a teacher
     */
    Recipe recipe(LimbeckCommand command, @Nullable Path file, boolean taught) {
        workers.checked();
        return Recipes.of(command, file, settings, taught);
    }

    /** Put a recipe together of a file, else another recipe, and the options. */
    Recipe recipe(Recipe base, @Nullable Path file) {
        workers.checked();
        return Recipes.over(base, file, settings);
    }

    /** Return where recipes are carried out, after a check that the device is there. */
    RunContext context(LimbeckCommand command) {
        engine.apply();
        return command.context(engine, workers.checked());
    }
}
