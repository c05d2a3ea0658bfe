package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.Task;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Apply {@code --loss} and {@code --temperature} to the list of losses. */
final class LossOptions {
    private LossOptions() {}

    /**
     * Write losses to a recipe.
     *
     * @param losses losses as {@code name:key=value}
     * @param temperature a number or a schedule
     */
    static void into(List<String> losses, @Nullable String temperature, ObjectNode recipe) {
        if (losses.isEmpty() && temperature == null) return;
        ObjectNode distillation = RecipeFiles.section(recipe, "distillation");
        Task.Kind task = Task.Kind.of(recipe.at("/data/task").asText(Task.Kind.SINGLE_LABEL.key()));
        distillation.set("losses", losses(losses, temperature, distillation.withArrayProperty("losses"), task));
    }

    /** Losses on the command line replace those in the file; a single one keeps settings that only the file has. */
    private static ArrayNode losses(
            List<String> losses, @Nullable String temperature, ArrayNode before, Task.Kind task) {
        ArrayNode all = RecipeFiles.tree().arrayNode();
        // Of several losses given here, only those without a temperature get it; of a file's, all.
        Set<JsonNode> withOwn = Collections.newSetFromMap(new IdentityHashMap<>());
        for (String text : losses) {
            ObjectNode one = LossRecipe.parse(text);
            boolean only = losses.size() == 1 && before.size() == 1 && before.get(0) instanceof ObjectNode;
            boolean hasOwn = one.has(LossSetting.TEMPERATURE);
            if (temperature != null && hasOwn && losses.size() == 1) {
                throw new WrongOption("the temperature of " + text + " is given twice, also by --temperature "
                        + temperature + "; leave one out");
            }
            if (only) one = over(before.get(0).deepCopy(), one);
            if (hasOwn) withOwn.add(one);
            all.add(one);
        }
        if (losses.isEmpty()) before.forEach(all::add);
        if (all.isEmpty()) {
            LossRecipe chosen = LossRecipe.defaultFor(task);
            ObjectNode one = all.addObject().put("name", chosen.name());
            if (chosen.layers() != null) chosen.layers().forEach(one.withArrayProperty("layers")::add);
        }
        boolean isUsed = false;
        for (JsonNode one : all) {
            ObjectNode loss = (ObjectNode) one;
            LossType kind = Losses.byName(loss.path("name").asText());
            // Of a single loss that has none, the recipe refuses the setting.
            if (temperature != null && !withOwn.contains(one) && (kind.softensLogits() || all.size() == 1)) {
                LossRecipe.put(loss, LossSetting.TEMPERATURE, temperature);
                isUsed = true;
            }
        }
        if (temperature != null && !isUsed) {
            throw new WrongOption(
                    "--temperature " + temperature + " is used by none of the losses; leave it out, or set "
                            + "it for a loss (--loss NAME:T=" + temperature + ")");
        }
        return all;
    }

    /** Merge one loss over another. With another name, it keeps only the scale and an applicable temperature. */
    private static ObjectNode over(ObjectNode before, ObjectNode one) {
        if (!before.path("name").equals(one.path("name"))) {
            before.remove(List.of("parameters", "layers", "adapter"));
            if (!Losses.byName(one.path("name").asText()).hasTemperature()) before.remove(LossSetting.TEMPERATURE);
        }
        RecipeFiles.merge(before, one);
        return before;
    }
}
