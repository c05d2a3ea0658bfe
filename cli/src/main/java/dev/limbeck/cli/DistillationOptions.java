package dev.limbeck.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.Names;
import dev.limbeck.distill.loss.LossSetting;
import dev.limbeck.distill.loss.LossType;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.recipe.LossRecipe;
import dev.limbeck.recipe.RecipeFiles;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Offer what a student learns from, and how. What is not given is for the recipe to choose. */
final class DistillationOptions {
    private static final String WEIGHT = "kd-weight";
    private static final String TASK_WEIGHT = "task-weight";
    private static final String TEMPERATURE = LossSetting.TEMPERATURE;

    @Mixin
    TeacherOptions teacher = new TeacherOptions();

    @Option(
            names = "--kd-weight",
            paramLabel = "SCHEDULE",
            description = "Share of the teacher in the loss: a number, or a change such as cosine:1..0 or "
                    + "linear:0.9..0.1@0.2..0.8 (default: 0.5).")
    @Nullable
    String weight;

    @Option(
            names = "--task-weight",
            paramLabel = "SCHEDULE",
            description = "Weight of the labels' loss (default: what the teacher leaves of 1).")
    @Nullable
    String taskWeight;

    @Option(
            names = "--confidence-threshold",
            description = "Leave out images without a label of which the teacher is less sure, such as 0.8.")
    @Nullable
    Double leastConfidence;

    @Option(
            names = {"-T", "--temperature"},
            paramLabel = "SCHEDULE",
            description = "Temperature that softens both networks' probabilities, for losses with one: a number, or a "
                    + "change such as linear:8..2 (default: 3 for soft-target).")
    @Nullable
    String temperature;

    @Option(
            names = "--loss",
            paramLabel = "LOSS",
            description =
                    "A loss with its settings, such as soft-target:T=4 or attention:layer2+layer3,scale=0.1; several "
                            + "add up (default: soft-target). limbeck losses lists them.")
    List<String> losses = List.of();

    @Option(
            names = "--match-classes",
            description = "Match the teacher's classes with the data's by name, whatever their order and number.")
    boolean matchClasses;

    @Option(
            names = "--teacher-errors",
            description = "What becomes of images on which the teacher is wrong: keep, swap (its first choice and the "
                    + "label) or drop (default: keep).")
    @Nullable
    String wrongAnswers;

    @Option(names = "--kd-max-steps", description = "Number of batches after which the labels alone teach.")
    @Nullable
    Integer until;

    @Option(
            names = "--adapter-epochs",
            description = "Epochs in which only the adapters of feature losses are trained.")
    @Nullable
    Integer adapterEpochs;

    @Option(
            names = "--gradient-stats-every",
            description =
                    "Number of batches between two measurements, in run.json, of how each loss pulls at the student.")
    @Nullable
    Integer diagnoseEvery;

    /**
     * Write what was given over a recipe.
     *
     * @param schedules as {@code setting=schedule}
     */
    void into(ObjectNode recipe, List<String> schedules) {
        schedules.forEach(this::schedule);
        teacher.into(recipe);
        ObjectNode given = RecipeFiles.tree();
        LossRecipe.put(given, "kd_weight", weight);
        LossRecipe.put(given, "task_weight", taskWeight);
        if (leastConfidence != null) given.put("confidence_threshold", leastConfidence);
        if (matchClasses) given.put("match_classes", true);
        if (wrongAnswers != null) given.put("teacher_errors", wrongAnswers);
        if (until != null) given.put("max_steps", until);
        if (adapterEpochs != null) given.put("adapter_epochs", adapterEpochs);
        if (diagnoseEvery != null) given.put("gradient_stats_every", diagnoseEvery);
        boolean changesLosses = !losses.isEmpty() || temperature != null;
        if (given.isEmpty() && !changesLosses) return;
        ObjectNode tree = recipe.withObject("/distillation");
        tree.setAll(given);
        if (changesLosses) tree.set("losses", losses(tree));
    }

    private void schedule(String text) {
        String setting = text.substring(0, text.indexOf('='));
        switch (setting) {
            case WEIGHT, "weight" -> weight = once(weight, text, "--kd-weight");
            case TASK_WEIGHT -> taskWeight = once(taskWeight, text, "--task-weight");
            case TEMPERATURE, "T" -> temperature = once(temperature, text, "--temperature");
            default -> throw Names.unknown("setting to schedule", setting, List.of(WEIGHT, TASK_WEIGHT, TEMPERATURE));
        }
    }

    private static String once(@Nullable String given, String text, String option) {
        if (given != null) {
            throw new LimbeckException("--schedule " + text + " says again what " + option + " or another --schedule "
                    + "says, " + given + "; leave one out");
        }
        return text.substring(text.indexOf('=') + 1);
    }

    /** Losses on the command line take the place of those in the file; a single one keeps what only the file says. */
    private ArrayNode losses(ObjectNode distillation) {
        ArrayNode before = distillation.withArrayProperty("losses");
        ArrayNode all = RecipeFiles.tree().arrayNode();
        for (String text : losses) {
            ObjectNode one = LossRecipe.parse(text);
            boolean only = losses.size() == 1 && before.size() == 1 && before.get(0) instanceof ObjectNode;
            if (only) one = over(before.get(0).deepCopy(), one);
            all.add(one);
        }
        if (losses.isEmpty()) before.forEach(all::add);
        if (all.isEmpty()) all.addObject().put("name", "soft-target");
        for (JsonNode one : all) {
            ObjectNode loss = (ObjectNode) one;
            LossType kind = Losses.byName(loss.path("name").asText());
            // Those of losses on features are of another kind and size.
            boolean softens = kind.hasTemperature() && !kind.comparesFeatures();
            // A temperature that a loss was given itself comes first; a single loss without one complains.
            if (temperature != null && (softens && !loss.has(TEMPERATURE) || all.size() == 1)) {
                LossRecipe.put(loss, TEMPERATURE, temperature);
            }
        }
        return all;
    }

    /** Write one loss over another; of another name it keeps nothing but the scale, and the temperature if it has one. */
    private static ObjectNode over(ObjectNode before, ObjectNode one) {
        if (!before.path("name").equals(one.path("name"))) {
            before.remove(List.of("parameters", "layers", "adapter"));
            if (!Losses.byName(one.path("name").asText()).hasTemperature()) before.remove(TEMPERATURE);
        }
        return before.setAll(one);
    }
}
