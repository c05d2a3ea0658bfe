package dev.limbeck.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Rename the keys of recipes and run records that older versions wrote, so that they stay readable. */
public final class RenamedKeys {
    private static final Map<String, Map<String, String>> RECIPE = Map.of(
            "data",
                    Map.of(
                            "train_limit", "max_train_samples",
                            "keep_unlabelled", "keep_unlabeled",
                            "unlabelled", "unlabeled"),
            "augment", Map.of("flip", "hflip", "random_crop", "random_resized_crop", "jitter", "color_jitter"),
            "training",
                    Map.of("clip", "clip_grad_norm", "accumulate", "grad_accum_steps", "average_decay", "ema_decay"),
            "distillation",
                    Map.of(
                            "weight", "kd_weight",
                            "least_confidence", "confidence_threshold",
                            "wrong_answers", "teacher_errors",
                            "until", "max_steps",
                            "diagnose_every", "gradient_stats_every"),
            "teacher", Map.of("join", "ensemble"));

    /** What a record says of its data has the augmentation's keys beside the others. */
    private static final Map<String, String> RECORDED_DATA = Map.of(
            "train_limit", "max_train_samples",
            "keep_unlabelled", "keep_unlabeled",
            "flip", "hflip",
            "random_crop", "random_resized_crop",
            "jitter", "color_jitter");

    private static final Map<String, String> RECORDED_DISTILLATION = Map.of(
            "weight", "kd_weight",
            "least_confidence", "confidence_threshold",
            "wrong_answers", "teacher_errors",
            "diagnoses", "gradient_stats");

    private RenamedKeys() {}

    /**
     * Rename the keys of a recipe in place.
     *
     * @param origin what messages name, such as the file
     * @throws LimbeckException if a key is there under both names
     */
    public static void inRecipe(ObjectNode recipe, String origin) {
        RECIPE.forEach((section, names) -> {
            JsonNode part = section.equals("augment") ? recipe.at("/data/augment") : recipe.path(section);
            rename(part, names, origin);
        });
    }

    /** Rename the keys of a run record in place, the recipe in it too. */
    static void inRecord(ObjectNode runRecord, String origin) {
        if (runRecord.get("recipe") instanceof ObjectNode recipe) inRecipe(recipe, origin);
        rename(runRecord.path("data"), RECORDED_DATA, origin);
        rename(runRecord.path("distillation"), RECORDED_DISTILLATION, origin);
        for (JsonNode epoch : runRecord.path("epochs")) rename(epoch, Map.of("rate", "lr"), origin);
    }

    private static void rename(JsonNode part, Map<String, String> names, String origin) {
        if (!(part instanceof ObjectNode section)) return;
        if (names.keySet().stream().noneMatch(section::has)) return;
        Map<String, JsonNode> renamed = new LinkedHashMap<>();
        section.properties().forEach(entry -> {
            String name = names.getOrDefault(entry.getKey(), entry.getKey());
            if (!name.equals(entry.getKey()) && section.has(name)) {
                throw new LimbeckException(
                        origin + " has " + entry.getKey() + " and " + name + ", its name since then; leave out one");
            }
            renamed.put(name, entry.getValue());
        });
        section.removeAll();
        section.setAll(renamed);
    }
}
