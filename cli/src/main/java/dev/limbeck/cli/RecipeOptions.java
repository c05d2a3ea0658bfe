package dev.limbeck.cli;

import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Provide all options of a recipe and its environment. */
final class RecipeOptions {
    final SettingOptions settings;

    @Option(
            names = "--preset",
            paramLabel = "NAME",
            completionCandidates = PresetNames.class,
            description = "Start from a small recipe: patient, quick or few-labels")
    @Nullable
    String preset;

    @Mixin
    WorkerOptions workers = new WorkerOptions();

    @Mixin
    EngineOptions engine = new EngineOptions();

    /** Create the options, including those of teacher and distillation. */
    RecipeOptions() {
        this(true);
    }

    /**
     * Create the options.
     *
     * @param withTeacher whether to include the options of teacher and distillation
     */
    RecipeOptions(boolean withTeacher) {
        settings = SettingOptions.ofRecipe(withTeacher);
    }

    /**
     * Build a recipe from an optional file and the options.
     *
     * @param withTeacher whether a teacher is required
     */
    Recipe recipe(LimbeckCommand command, @Nullable Path file, boolean withTeacher) {
        return recipe(command, file, withTeacher, null);
    }

    /**
     * Build a recipe whose student is replaced later.
     *
     * @param student architecture if neither the file nor an option names one; null if one must
     */
    Recipe recipe(LimbeckCommand command, @Nullable Path file, boolean withTeacher, @Nullable String student) {
        workers.checked();
        return Recipes.of(command, preset, file, settings, withTeacher, student);
    }

    /** Build a recipe from a file, or from another recipe, and the options. */
    Recipe recipe(Recipe base, @Nullable Path file) {
        workers.checked();
        return Recipes.over(base, preset, file, settings);
    }

    /** Return the context of runs, after a check of the device. */
    RunContext context(LimbeckCommand command) {
        engine.apply();
        return command.context(engine, workers.checked());
    }
}
