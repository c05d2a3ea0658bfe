package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.fuzz.Mutators;
import dev.limbeck.fuzz.Target;
import java.nio.file.Path;
import java.util.List;

/** List the readers of recipes and of predictions. */
public final class RecipeTargets {
    private RecipeTargets() {}

    /** Return all targets of this package. */
    public static List<Target> all() {
        return List.of(
                Target.of("recipe", Mutators.text(), RecipeTargets::recipe).allowing(20_000),
                Target.of("predictions", Mutators.safetensors(), RecipeTargets::predictions)
                        .allowing(2000));
    }

    private static long recipe(Path file) {
        ObjectNode tree = RecipeFiles.recipeTree(file);
        RecipeFiles.refuseUnknownKeys(tree, file.toString());
        Recipe recipe = RecipeFiles.bind(tree, file.toString());
        RecipeFiles.yaml(recipe);
        return 0;
    }

    private static long predictions(Path file) {
        PredictionFile.read(file);
        return 0;
    }
}
