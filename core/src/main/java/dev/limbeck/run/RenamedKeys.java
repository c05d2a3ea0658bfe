package dev.limbeck.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import java.util.LinkedHashMap;
import java.util.Map;

/** Rename the keys of recipes and run records written by older versions. */
public final class RenamedKeys {
    private static final Map<String, String> DATA = Map.of(
            "train_limit", "max_train_samples",
            "keep_unlabelled", "keep_unlabeled",
            "unlabelled", "unlabeled");

    private static final Map<String, String> AUGMENT =
            Map.of("flip", "hflip", "random_crop", "random_resized_crop", "jitter", "color_jitter");

    private static final Map<String, String> TRAINING =
            Map.of("clip", "clip_grad_norm", "accumulate", "grad_accum_steps", "average_decay", "ema_decay");

    private static final Map<String, String> DISTILLATION = Map.of(
            "weight", "kd_weight",
            "least_confidence", "confidence_threshold",
            "wrong_answers", "teacher_errors",
            "until", "max_steps",
            "diagnose_every", "gradient_stats_every");

    private static final Map<String, String> TEACHER = Map.of("join", "ensemble");
    private static final Map<String, String> MEASURED = Map.of("diagnoses", "gradient_stats");
    private static final Map<String, String> EPOCH =
            Map.of("rate", "lr", "train_images_per_second", "train_rows_per_second");

    private static final String FROZEN_EPOCHS = "frozen_epochs";

    private RenamedKeys() {}

    /**
     * Rename the keys of a recipe in place.
     *
     * @param origin name for messages, such as the file
     * @throws LimbeckException if both names of a key are present
     */
    public static void inRecipe(ObjectNode recipe, String origin) {
        rename(recipe.path("data"), DATA, origin);
        rename(recipe.at("/data/augment"), AUGMENT, origin);
        rename(recipe.path("training"), TRAINING, origin);
        rename(recipe.path("distillation"), DISTILLATION, origin);
        rename(recipe.path("teacher"), TEACHER, origin);
    }

    /**
     * Take settings out that older versions accepted without effect from a recipe that they stored, in place: those of a classifier that is
     * trained on pretrained weights, for a student that learns an embedding and has none.
     */
    public static void inStoredRecipe(ObjectNode recipe) {
        if (!recipe.at("/data/task").asText().equals("embedding")) return;
        if (!(recipe.get("pretrained") instanceof ObjectNode pretrained)) return;
        pretrained.remove("head");
        if (pretrained.path(FROZEN_EPOCHS).asInt() > 1) pretrained.put(FROZEN_EPOCHS, 1);
    }

    /** Rename the keys of a run record in place, including its recipe. */
    static void inRecord(ObjectNode runRecord, String origin) {
        if (runRecord.get("recipe") instanceof ObjectNode recipe) {
            inRecipe(recipe, origin);
            inStoredRecipe(recipe);
        }
        rename(runRecord.path("data"), DATA, origin);
        // A record's data section mixes augmentation keys with others.
        rename(runRecord.path("data"), AUGMENT, origin);
        rename(runRecord.path("distillation"), DISTILLATION, origin);
        rename(runRecord.path("distillation"), MEASURED, origin);
        for (JsonNode epoch : runRecord.path("epochs")) rename(epoch, EPOCH, origin);
    }

    private static void rename(JsonNode part, Map<String, String> names, String origin) {
        if (!(part instanceof ObjectNode section)) return;
        if (names.keySet().stream().noneMatch(section::has)) return;
        Map<String, JsonNode> renamed = new LinkedHashMap<>();
        section.properties().forEach(entry -> {
            String name = names.getOrDefault(entry.getKey(), entry.getKey());
            if (!name.equals(entry.getKey()) && section.has(name)) {
                throw new LimbeckException(
                        origin + " has " + entry.getKey() + " and " + name + ", its new name; leave out one");
            }
            renamed.put(name, entry.getValue());
        });
        section.removeAll();
        section.setAll(renamed);
    }
}
