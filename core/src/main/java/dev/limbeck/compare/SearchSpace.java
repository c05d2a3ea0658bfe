package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
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
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Hold the values that a sweep combines. An empty list keeps the recipe's value.
 *
 * @param temperatures temperatures of losses that have one and do not name it: numbers or schedules
 * @param weights distillation weights: numbers or schedules
 * @param losses losses in the syntax of {@link LossRecipe#parse}
 * @param schedules learning-rate schedules, by name
 * @param students architectures, by name
 * @param starts weights that students start from
 */
public record SearchSpace(
        List<Schedule> temperatures,
        List<Schedule> weights,
        List<String> losses,
        List<String> schedules,
        List<String> students,
        List<Recipe.Start> starts) {
    private static final String AS_IT_IS = "recipe";

    /** Keep the recipe's start. */
    public SearchSpace(
            List<Schedule> temperatures,
            List<Schedule> weights,
            List<String> losses,
            List<String> schedules,
            List<String> students) {
        this(temperatures, weights, losses, schedules, students, List.of());
    }

    /** Return T in {2, 3, 5, 10, 20} × weight in {0.3, 0.5, 0.7, 0.9}. */
    public static SearchSpace defaults() {
        return new SearchSpace(
                constants(2, 3, 5, 10, 20), constants(0.3, 0.5, 0.7, 0.9), List.of(), List.of(), List.of());
    }

    /** Return a space of architectures with the recipe's other settings. */
    public static SearchSpace ofStudents(List<String> students) {
        return new SearchSpace(List.of(), List.of(), List.of(), List.of(), students);
    }

    /** Return constant schedules. */
    public static List<Schedule> constants(double... values) {
        return Arrays.stream(values).mapToObj(Schedule::constant).toList();
    }

    /** Return a recipe for every combination, with a descriptive name. A loss without a temperature, or with its own, appears once. */
    public Map<String, Recipe> recipes(Recipe base) {
        if (base.teacher() == null) throw new LimbeckException("a sweep needs a recipe with a teacher");
        Map<String, Recipe> recipes = new LinkedHashMap<>();
        for (Recipe.Start start : starts) {
            String name = start.name().toLowerCase(Locale.ROOT);
            new SearchSpace(temperatures, weights, losses, schedules, students)
                    .recipes(base.startingFrom(start))
                    .forEach((rest, recipe) -> recipes.put(rest.equals(AS_IT_IS) ? name : rest + "-" + name, recipe));
        }
        if (!starts.isEmpty()) return recipes;
        for (String student : students.isEmpty() ? List.of("") : students) {
            for (String loss : losses.isEmpty() ? List.of("") : losses) {
                for (String schedule : schedules.isEmpty() ? List.of("") : schedules) {
                    for (Schedule weight : orAsItIs(weights)) {
                        for (Schedule temperature : orAsItIs(temperatures)) {
                            add(base, student, loss, schedule, weight, temperature, recipes);
                        }
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
            String student,
            String loss,
            String schedule,
            @Nullable Schedule weight,
            @Nullable Schedule temperature,
            Map<String, Recipe> recipes) {
        ObjectNode tree = base.toTree();
        ObjectNode distillation = tree.withObject("/distillation");
        ObjectNode first = (ObjectNode) distillation.at("/losses/0");
        boolean hasOwn = false;
        List<String> name = new ArrayList<>();
        if (!student.isEmpty()) {
            tree.put("student", student);
            name.add(student);
        }
        if (!loss.isEmpty()) {
            ObjectNode other = LossRecipe.parse(loss);
            hasOwn = other.has(LossSetting.TEMPERATURE);
            if (first.has(LossSetting.TEMPERATURE) && !hasOwn)
                other.set(LossSetting.TEMPERATURE, first.get(LossSetting.TEMPERATURE));
            first.removeAll();
            first.setAll(other);
            name.add(loss);
        }
        LossType kind = Losses.byName(first.get("name").asText());
        // One that is named with a loss is the user's; a loss that has none refuses it.
        if (!kind.hasTemperature() && !hasOwn) first.remove(LossSetting.TEMPERATURE);
        if (kind.softensLogits() && !hasOwn && temperature != null) {
            LossRecipe.put(first, LossSetting.TEMPERATURE, temperature.toString());
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
        recipes.put(name.isEmpty() ? AS_IT_IS : String.join("-", name), RecipeFiles.bind(tree, ""));
    }

    private static String text(Schedule value) {
        double first = value.first();
        return value.isConstant() && first == Math.rint(first) ? String.valueOf((long) first) : value.toString();
    }
}
