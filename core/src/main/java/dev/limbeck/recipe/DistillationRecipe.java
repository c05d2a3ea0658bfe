package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Settings;
import dev.limbeck.distill.DistillationBuilder;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.TeacherErrorPolicy;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.optim.Schedule;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Say how much the student learns from the teacher, and by which losses. Weights may be schedules.
 *
 * @param kdWeight share of the teacher in the loss, in [0, 1]; 0.5 unless set
 * @param taskWeight weight of the labels' loss; 1 − weight unless set
 * @param confidenceThreshold least probability of the teacher's first choice for a row without a label to count; 0
 * @param teacherErrors keep, swap or drop; keep unless set
 * @param maxSteps number of batches after which the labels alone teach; all unless set
 * @param adapterEpochs epochs in which adapters alone are trained at first; 0 unless set
 * @param gradientStatsEvery number of batches between two measurements of each term's pull; none unless set
 * @param matchClasses whether the teacher's classes are matched with the data's by name; false unless set
 * @param classes from each class of the data to those of the teacher that it stands for; none unless set
 * @param losses soft-target unless set
 */
public record DistillationRecipe(
        Schedule kdWeight,
        @Nullable Schedule taskWeight,
        @Nullable Double confidenceThreshold,
        @Nullable String teacherErrors,
        @Nullable Integer maxSteps,
        @Nullable Integer adapterEpochs,
        @Nullable Integer gradientStatsEvery,
        @Nullable Boolean matchClasses,
        @Nullable Map<String, List<String>> classes,
        List<LossRecipe> losses) {
    private static final Schedule WEIGHT = Schedule.constant(0.5);

    public DistillationRecipe {
        kdWeight = (kdWeight == null ? WEIGHT : kdWeight).each(value -> Settings.inUnit("kd_weight", value));
        if (confidenceThreshold != null) Settings.inUnit("confidence_threshold", confidenceThreshold);
        if (taskWeight != null) taskWeight.each(value -> Settings.notNegative("task_weight", value));
        if (teacherErrors != null) {
            RecipeFiles.oneOf(
                    "choice for wrong answers",
                    teacherErrors,
                    Arrays.stream(TeacherErrorPolicy.values())
                            .map(choice -> choice.name().toLowerCase(Locale.ROOT))
                            .toList());
        }
        if (maxSteps != null) Settings.atLeast(1, "max_steps", maxSteps);
        if (adapterEpochs != null) Settings.atLeast(0, "adapter_epochs", adapterEpochs);
        if (gradientStatsEvery != null) Settings.atLeast(1, "gradient_stats_every", gradientStatsEvery);
        Schedule none = Schedule.constant(0);
        if (kdWeight.equals(none) && none.equals(taskWeight)) {
            throw new LimbeckException("weight and task_weight are both 0; nothing would be learned");
        }
        losses = losses == null || losses.isEmpty() ? List.of(LossRecipe.defaults()) : List.copyOf(losses);
    }

    static DistillationRecipe defaults() {
        return new DistillationRecipe(WEIGHT, null, null, null, null, null, null, null, null, List.of());
    }

    /** Return a teacher as one of the data's classes, as {@code match_classes} and {@code classes} say. */
    public Teacher matched(Teacher teacher, List<String> classNames) {
        return MappedTeacher.matching(
                teacher, matchClasses != null && matchClasses, classes == null ? Map.of() : classes, classNames);
    }

    /** Make the callback for a teacher. */
    public KnowledgeDistillation with(Teacher teacher) {
        return with(teacher, null);
    }

    /**
     * Make the callback for a teacher.
     *
     * @param told takes what is found out about the teacher, and the plan of feature pairs; null for the log
     */
    KnowledgeDistillation with(Teacher teacher, @Nullable Consumer<String> told) {
        DistillationBuilder builder = builder(teacher);
        if (told != null) builder.log(told);
        return builder.build();
    }

    DistillationBuilder builder(Teacher teacher) {
        DistillationBuilder builder = KnowledgeDistillation.from(teacher).weight(kdWeight);
        if (taskWeight != null) builder.taskWeight(taskWeight);
        if (confidenceThreshold != null) builder.confidenceThreshold(confidenceThreshold);
        if (teacherErrors != null)
            builder.teacherErrors(TeacherErrorPolicy.valueOf(teacherErrors.toUpperCase(Locale.ROOT)));
        if (maxSteps != null) builder.maxSteps(maxSteps);
        if (adapterEpochs != null) builder.adaptersFirst(adapterEpochs);
        if (gradientStatsEvery != null) builder.gradientStatsEvery(gradientStatsEvery);
        if (matchClasses != null && matchClasses) builder.matchClasses();
        if (classes != null) builder.classes(classes);
        losses.forEach(loss -> loss.into(builder));
        return builder;
    }
}
