package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.distill.DistillationBuilder;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.teacher.Teacher;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Say how much the student learns from the teacher, and by which losses.
 *
 * @param weight share of the teacher in the loss, in [0, 1]; 0.5 unless set
 * @param taskWeight weight of the labels' loss; 1 − weight unless set
 * @param leastConfidence least probability of the teacher's first choice for a row without a label to count; 0
 * @param losses soft-target unless set
 */
public record DistillationRecipe(
        Double weight,
        @Nullable Double taskWeight,
        @Nullable Double leastConfidence,
        List<Loss> losses) {
    private static final double WEIGHT = 0.5;

    /**
     * Name a loss.
     *
     * @param name one of {@link Losses#names}
     * @param temperature for losses that have one; their own default unless set
     * @param scale factor beside the weight; 1 unless set
     * @param parameters the loss's others by name, such as {@code alpha}
     */
    public record Loss(
            String name,
            @Nullable Double temperature,
            @Nullable Double scale,
            @Nullable Map<String, Double> parameters) {
        public Loss {
            if (name == null) throw RecipeFiles.missing("distillation.losses.name");
            if (temperature != null) Settings.positive("temperature", temperature);
            if (scale != null) Settings.notNegative("scale", scale);
            make(name, temperature, parameters);
        }

        LogitLoss make() {
            return make(name, temperature, parameters);
        }

        private static LogitLoss make(
                String name, @Nullable Double temperature, @Nullable Map<String, Double> parameters) {
            Map<String, Double> given = new LinkedHashMap<>();
            if (parameters != null) given.putAll(parameters);
            if (temperature != null) given.put(Losses.TEMPERATURE, temperature);
            return Losses.byName(name).with(given);
        }
    }

    public DistillationRecipe {
        weight = Settings.inUnit("weight", weight == null ? WEIGHT : weight);
        if (leastConfidence != null) Settings.inUnit("least_confidence", leastConfidence);
        if (taskWeight != null) Settings.notNegative("task_weight", taskWeight);
        if (weight == 0 && taskWeight != null && taskWeight == 0) {
            throw new LimbeckException("weight and task_weight are both 0; nothing would be learned");
        }
        losses = losses == null || losses.isEmpty()
                ? List.of(new Loss("soft-target", null, null, null))
                : List.copyOf(losses);
    }

    static DistillationRecipe defaults() {
        return new DistillationRecipe(WEIGHT, null, null, List.of());
    }

    /** Make the callback for a teacher. */
    public KnowledgeDistillation with(Teacher teacher) {
        DistillationBuilder builder = KnowledgeDistillation.from(teacher).weight(weight);
        if (taskWeight != null) builder.taskWeight(taskWeight);
        if (leastConfidence != null) builder.leastConfidence(leastConfidence);
        for (Loss loss : losses) {
            builder.loss(loss.make(), loss.scale == null ? 1 : loss.scale);
        }
        return builder.build();
    }
}
