package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Put recipes together of files and options. */
final class Recipes {
    private Recipes() {}

    /**
     * Take a file's recipe, or an empty one, and write what options were given over it.
     *
     * @param taught whether to insist on a teacher
     */
    static Recipe of(
            LimbeckCommand command,
            @Nullable Path file,
            DataOptions data,
            TrainingOptions training,
            @Nullable DistillationOptions teaching,
            boolean taught) {
        ObjectNode tree = file == null ? RecipeFiles.tree() : RecipeFiles.recipeTree(file);
        write(data, training, teaching, tree);
        if (file != null) RecipeFiles.refuseUnknownKeys(tree, file.toString());
        require(command, tree.at("/data/source"), "--data");
        require(command, tree.at("/student"), "--arch");
        if (taught && tree.at("/teacher/members").isMissingNode()) {
            require(command, tree.at("/teacher/model"), "--teacher");
        }
        return RecipeFiles.bind(tree, file == null ? "" : file.toString());
    }

    /** Take a file's recipe, or the given one, and write what options were given over it. */
    static Recipe over(
            Recipe base,
            @Nullable Path file,
            DataOptions data,
            TrainingOptions training,
            @Nullable DistillationOptions teaching) {
        ObjectNode tree = file == null ? (ObjectNode) base.toTree() : RecipeFiles.recipeTree(file);
        write(data, training, teaching, tree);
        return RecipeFiles.bind(tree, file == null ? "" : file.toString());
    }

    private static void write(
            DataOptions data, TrainingOptions training, @Nullable DistillationOptions teaching, ObjectNode tree) {
        data.into(tree);
        training.into(tree);
        List<String> schedules = training.teachingSchedules();
        if (teaching != null) {
            teaching.into(tree, schedules);
        } else if (!schedules.isEmpty()) {
            throw new LimbeckException("--schedule " + schedules.get(0) + " changes what a teacher gives, and there is "
                    + "none here; use limbeck distill, or one-cycle or constant for the learning rate");
        }
    }

    private static void require(LimbeckCommand command, JsonNode value, String option) {
        if (value.isMissingNode()) throw command.missing(option);
    }
}
