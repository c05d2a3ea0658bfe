package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * List the values that a sweep tries in every combination; an empty list leaves what the recipe says.
 *
 * @param temperatures of losses that have one
 * @param weights shares of the teacher
 * @param losses as {@link LossRecipe#parse} reads them
 * @param schedules names as in a recipe
 */
public record SearchSpace(
        List<Double> temperatures, List<Double> weights, List<String> losses, List<String> schedules) {
    /** Return T 2, 3, 5, 10, 20 × weight 0.3, 0.5, 0.7, 0.9. */
    public static SearchSpace usual() {
        return new SearchSpace(List.of(2.0, 3.0, 5.0, 10.0, 20.0), List.of(0.3, 0.5, 0.7, 0.9), List.of(), List.of());
    }

    /**
     * Make a recipe for every combination, by a name that says what it is. A loss without temperature is tried once, not
     * once for each temperature.
     */
    Map<String, Recipe> recipes(Recipe base) {
        if (base.teacher() == null) throw new LimbeckException("a sweep needs a recipe with a teacher");
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (String loss : losses.isEmpty() ? List.of("") : losses) {
            for (String schedule : schedules.isEmpty() ? List.of("") : schedules) {
                for (double weight : weights.isEmpty() ? List.of(Double.NaN) : weights) {
                    for (double temperature : temperatures.isEmpty() ? List.of(Double.NaN) : temperatures) {
                        add(base, loss, schedule, weight, temperature, recipes);
                    }
                }
            }
        }
        return recipes;
    }

    private static void add(
            Recipe base, String loss, String schedule, double weight, double temperature, Map<String, Recipe> recipes) {
        ObjectNode tree = (ObjectNode) base.toTree();
        ObjectNode distillation = tree.withObject("/distillation");
        ObjectNode first = (ObjectNode) distillation.at("/losses/0");
        List<String> name = new ArrayList<>();
        if (!loss.isEmpty()) {
            ObjectNode other = LossRecipe.parse(loss);
            if (first.has("temperature") && !other.has("temperature"))
                other.set("temperature", first.get("temperature"));
            first.removeAll();
            first.setAll(other);
            name.add(loss);
        }
        boolean softens = Losses.byName(first.get("name").asText()).hasTemperature();
        if (!softens) first.remove("temperature");
        if (softens && !Double.isNaN(temperature)) {
            first.put("temperature", temperature);
            name.add("T" + text(temperature));
        }
        if (!Double.isNaN(weight)) {
            distillation.put("weight", weight);
            name.add("w" + text(weight));
        }
        if (!schedule.isEmpty()) {
            tree.withObject("/training").put("schedule", schedule);
            name.add(schedule);
        }
        recipes.put(name.isEmpty() ? "recipe" : String.join("-", name), RecipeFiles.bind(tree, ""));
    }

    private static String text(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}
