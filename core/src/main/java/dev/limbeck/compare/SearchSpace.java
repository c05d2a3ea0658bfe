package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.optim.Schedule;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * List the values that a sweep tries in every combination; an empty list leaves what the recipe says.
 *
 * @param temperatures of losses that have one: numbers, or how they change in the course of the training
 * @param weights shares of the teacher: numbers, or how they change
 * @param losses as {@link LossRecipe#parse} reads them
 * @param schedules of the learning rate, names as in a recipe
 */
public record SearchSpace(
        List<Schedule> temperatures, List<Schedule> weights, List<String> losses, List<String> schedules) {
    /** Return T 2, 3, 5, 10, 20 × weight 0.3, 0.5, 0.7, 0.9. */
    public static SearchSpace defaults() {
        return new SearchSpace(constants(2, 3, 5, 10, 20), constants(0.3, 0.5, 0.7, 0.9), List.of(), List.of());
    }

    /** Return settings that do not change. */
    public static List<Schedule> constants(double... values) {
        return Arrays.stream(values).mapToObj(Schedule::constant).toList();
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
                for (Schedule weight : orAsItIs(weights)) {
                    for (Schedule temperature : orAsItIs(temperatures)) {
                        add(base, loss, schedule, weight, temperature, recipes);
                    }
                }
            }
        }
        return recipes;
    }

    private static List<@Nullable Schedule> orAsItIs(List<Schedule> values) {
        return values.isEmpty() ? Collections.singletonList(null) : new ArrayList<>(values);
    }

    private static void add(
            Recipe base,
            String loss,
            String schedule,
            @Nullable Schedule weight,
            @Nullable Schedule temperature,
            Map<String, Recipe> recipes) {
        ObjectNode tree = base.toTree();
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
        if (softens && temperature != null) {
            LossRecipe.put(first, "temperature", temperature.toString());
            name.add("T" + text(temperature));
        }
        if (weight != null) {
            LossRecipe.put(distillation, "kd_weight", weight.toString());
            name.add("w" + text(weight));
        }
        if (!schedule.isEmpty()) {
            tree.withObject("/training").put("schedule", schedule);
            name.add(schedule);
        }
        recipes.put(name.isEmpty() ? "recipe" : String.join("-", name), RecipeFiles.bind(tree, ""));
    }

    private static String text(Schedule value) {
        double first = value.first();
        return value.isConstant() && first == Math.rint(first) ? String.valueOf((long) first) : value.toString();
    }
}
