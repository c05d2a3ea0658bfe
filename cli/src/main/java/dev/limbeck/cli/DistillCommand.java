package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.TeacherRecipe;
import java.io.IOException;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(
        name = "distill",
        description = "Train a student from the labels and from a teacher, and write a run directory.")
final class DistillCommand extends TrainingCommand {
    DistillCommand() {
        super(true);
    }

    @Override
    void check(Recipe recipe) {
        TeacherRecipe named = recipe.teacher();
        if (named == null) throw new LimbeckException("the recipe has no teacher; name one with --teacher");
        if (overwrite && named.files().stream().anyMatch(file -> inside(file, out))) {
            throw new LimbeckException(
                    "the teacher lies in --out " + out + ", which --overwrite replaces; choose another --out");
        }
    }

    private static boolean inside(Path file, Path folder) {
        try {
            return file.toRealPath().startsWith(folder.toRealPath());
        } catch (IOException e) {
            // One of them does not exist, which is reported later.
            return false;
        }
    }
}
