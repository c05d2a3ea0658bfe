package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Build recipes from files and options. */
final class Recipes {
    private static final String PRETRAINED = "pretrained";

    private Recipes() {}

    /**
     * Apply options to a file's recipe, or to an empty one.
     *
     * @param preset whose values the file and the options override; null for none
     * @param withTeacher whether a teacher is required
     * @param student architecture if neither names one; null if one must
     */
    static Recipe of(
            LimbeckCommand command,
            @Nullable String preset,
            @Nullable Path file,
            SettingOptions settings,
            boolean withTeacher,
            @Nullable String student) {
        ObjectNode own = file == null ? RecipeFiles.tree() : RecipeFiles.recipeTree(file);
        ObjectNode tree = RecipeFiles.over(preset, own, withTeacher || settings.isGiven("teacher.model"));
        if (student != null && !tree.has("student")) tree.put("student", student);
        write(settings, tree);
        if (file != null) RecipeFiles.refuseUnknownKeys(tree, file.toString());
        require(command, tree.at("/data/source"), "--data");
        require(command, tree.at("/student"), "--arch");
        if (withTeacher && tree.at("/teacher/members").isMissingNode()) {
            require(command, tree.at("/teacher/model"), "--teacher");
        }
        return bind(tree, file);
    }

    /** Apply options to a file's recipe over a preset, or to the given one, which has the values of its preset. */
    static Recipe over(Recipe base, @Nullable String preset, @Nullable Path file, SettingOptions settings) {
        ObjectNode tree = file == null
                ? base.toTree()
                : RecipeFiles.over(preset, RecipeFiles.recipeTree(file), settings.isGiven("teacher.model"));
        write(settings, tree);
        return bind(tree, file);
    }

    /** Bind a recipe. If a file is right without the options, they are wrong. */
    private static Recipe bind(ObjectNode tree, @Nullable Path file) {
        if (file == null) return WrongOption.in(() -> RecipeFiles.bind(tree, ""));
        try {
            return RecipeFiles.bind(tree, file.toString());
        } catch (LimbeckException e) {
            RecipeFiles.bind(RecipeFiles.recipeTree(file), file.toString());
            return WrongOption.in(() -> RecipeFiles.bind(tree, ""));
        }
    }

    /** Write the given options to a recipe, including options that set several settings. */
    static void write(SettingOptions settings, ObjectNode recipe) {
        WrongOption.in(() -> merged(settings, recipe));
    }

    private static ObjectNode merged(SettingOptions settings, ObjectNode recipe) {
        ObjectNode given = settings.given();
        pretrained(settings, given, recipe);
        String temperature = ScheduleOptions.into(settings, given);
        TeacherOptions.into(settings, given, recipe);
        RecipeFiles.merge(recipe, given);
        LossOptions.into(settings.texts("distillation.losses"), temperature, recipe);
        return recipe;
    }

    /**
     * Reject options of pretrained weights without weights. The flag stands for ImageNet's, whatever the file contains.
     */
    private static void pretrained(SettingOptions settings, ObjectNode given, ObjectNode recipe) {
        JsonNode start = given.path(PRETRAINED);
        boolean flag = settings.isGiven(PRETRAINED);
        if (!start.has("weights") && !recipe.has(PRETRAINED)) {
            if (start.has("weights_key")) {
                throw new WrongOption(
                        "--weights-key needs --weights; add it, or use --teacher-weights-key for a teacher's");
            }
            if (!start.isEmpty() && !flag) {
                throw new WrongOption("--" + start.fieldNames().next().replace('_', '-')
                        + " needs --pretrained or --weights; add one");
            }
        }
        if (flag && !start.has("weights")) given.withObject("/" + PRETRAINED).put("weights", "imagenet");
    }

    private static void require(LimbeckCommand command, JsonNode value, String option) {
        if (value.isMissingNode()) throw command.missing(option);
    }
}
