package dev.limbeck.recipe;

import dev.limbeck.train.SavedModel;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Name a teacher.
 *
 * @param model a run directory, a safetensors file or a PyTorch checkpoint; relative to the working directory
 * @param architecture needed where the file does not name it
 */
public record TeacherRecipe(String model, @Nullable String architecture) {
    public TeacherRecipe {
        if (model == null) throw RecipeFiles.missing("teacher.model");
    }

    /** Open it; the caller closes it. */
    public SavedModel open() {
        return SavedModel.open(Path.of(model), architecture == null ? null : Zoo.byName(architecture));
    }
}
