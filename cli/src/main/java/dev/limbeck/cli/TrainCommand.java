package dev.limbeck.cli;

import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.rows.RowDataRecipe;
import picocli.CommandLine.Command;

@Command(name = "train", description = "Train a network on labeled data and write a run directory.")
final class TrainCommand extends TrainingCommand {
    TrainCommand() {
        super(false);
    }

    @Override
    void check(Recipe recipe) {
        if (recipe.teacher() != null) {
            throw new LimbeckException("the recipe has a teacher; use limbeck distill, or leave the teacher out");
        }
        if (recipe.data() instanceof RowDataRecipe rows && rows.synthetic() != null) {
            throw new LimbeckException(
                    "synthetic rows are labeled by a teacher; use limbeck distill, or leave synthetic "
                            + "(--synthetic) out");
        }
    }
}
