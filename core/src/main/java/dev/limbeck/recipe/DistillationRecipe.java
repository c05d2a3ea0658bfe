package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.distill.DistillationBuilder;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.TeacherErrorPolicy;
import dev.limbeck.distill.teacher.MappedTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.optim.Schedule;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Hold the losses and weights of a distillation. A weight may be a schedule. */
public record DistillationRecipe(
        @Setting(help = "Weight of distillation, as 0.9 or cosine:1..0", defaultValue = "0.5", atLeast = 0, atMost = 1)
        Schedule kdWeight,

        @Setting(help = "Weight of the task loss", atLeast = 0, whenUnset = "1 − kd_weight") @Nullable
        Schedule taskWeight,

        @Setting(help = "Skip unlabeled rows with a lower teacher confidence", atLeast = 0, atMost = 1, label = "P")
        @Nullable
        Double confidenceThreshold,

        @Setting(help = "Images the teacher misclassifies", oneOfEnum = TeacherErrorPolicy.class, whenUnset = "keep")
        @Nullable
        String teacherErrors,

        @Setting(
                help = "Number of steps with distillation, then labels only",
                atLeast = 1,
                options = "--kd-max-steps",
                rare = true)
        @Nullable
        Integer maxSteps,

        @Setting(help = "First epochs that train only the adapters of feature losses", atLeast = 0, rare = true)
        @Nullable
        Integer adapterEpochs,

        @Setting(help = "Steps between measurements of the gradient of each loss", atLeast = 1, rare = true) @Nullable
        Integer gradientStatsEvery,

        @Setting(help = "Match the teacher's classes by name") @Nullable
        Boolean matchClasses,

        @Setting(
                help = "For each class of the data, the teacher classes that map to it",
                options = {})
        @Nullable
        Map<String, List<String>> classes,

        @Setting(help = "More architectures to train along, by one pass of the teacher", label = "ARCH,…", rare = true)
        List<String> also,

        @Setting(
                help = "Loss, as soft-target:T=4; several are summed",
                whenUnset = "by the task",
                options = "--loss",
                label = "LOSS",
                repeatable = true)
        List<LossRecipe> losses) {
    public DistillationRecipe {
        Schedule none = Schedule.constant(0);
        if (kdWeight.equals(none) && none.equals(taskWeight)) {
            throw new LimbeckException("kd_weight and task_weight are both 0; nothing would be learned");
        }
        losses = losses == null ? List.of() : List.copyOf(losses);
        also = also == null ? List.of() : List.copyOf(also);
        also.forEach(Zoo::byName);
    }

    /**
     * Refuse what trains the student while only adapters are trained, or leaves it no epoch of its own.
     *
     * @param frozenEpochs epochs before the others, which train the classifier
     */
    void checkAdapterEpochs(TrainingRecipe training, int frozenEpochs) {
        if (adapterEpochs == null || adapterEpochs == 0) return;
        if (training.meanTeacher() != null) {
            throw new LimbeckException("adapter_epochs holds the student, which mean_teacher trains; leave one out");
        }
        if (adapterEpochs >= training.epochs()) {
            throw new LimbeckException("adapter_epochs must be below epochs, found " + adapterEpochs + " of "
                    + training.epochs() + ", in which only adapters would be trained; lower it, or raise epochs");
        }
        if (training.patience() != null && adapterEpochs >= training.patience()) {
            throw new LimbeckException(
                    "adapter_epochs must be below patience, found " + adapterEpochs + " and " + training.patience()
                            + "; the metric does not change while only adapters are trained, so raise patience");
        }
        if (frozenEpochs > 0) {
            throw new LimbeckException("pretrained.frozen_epochs (" + frozenEpochs
                    + ") train adapters beside the classifier; leave adapter_epochs out, or set frozen_epochs to 0");
        }
    }

    /** Return a copy with the default loss of a task, unless there is one. */
    DistillationRecipe withLossFor(Task.Kind task) {
        return losses.isEmpty() ? Sections.with(this, "losses", List.of(LossRecipe.defaultFor(task))) : this;
    }

    /** Wrap a teacher to output the data's classes, using {@code match_classes} and {@code classes}. */
    public Teacher matched(Teacher teacher, Task student) {
        return MappedTeacher.matching(
                teacher, matchClasses != null && matchClasses, classes == null ? Map.of() : classes, student);
    }

    /** Create the distillation callback for a teacher. */
    public KnowledgeDistillation with(Teacher teacher) {
        return with(teacher, null);
    }

    /**
     * Create the distillation callback for a teacher.
     *
     * @param log receives the teacher check and the plan of feature pairs; null for the logger
     */
    KnowledgeDistillation with(Teacher teacher, @Nullable Consumer<String> log) {
        DistillationBuilder builder = builder(teacher);
        if (log != null) builder.log(log);
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
