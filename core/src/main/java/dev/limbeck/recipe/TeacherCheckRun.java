package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.TeacherCheck;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TermSize;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Check a recipe's teacher before training. Report its accuracy and calibration, and the size of each loss term on the
 * first batch.
 *
 * @param file path the teacher was read from
 * @param kind its architecture, or the file format
 * @param teacherClasses class names in the order of its logits; empty if it has none
 * @param dataClasses class names in the order of the labels
 * @param teacherInput preprocessing of the teacher, as far as known
 * @param dataInput preprocessing of the student
 * @param preflight statistics of the teacher's outputs on the validation split
 * @param terms loss terms of the untrained student
 */
public record TeacherCheckRun(
        String file,
        String kind,
        String sha256,
        List<String> teacherClasses,
        List<String> dataClasses,
        Map<String, String> teacherInput,
        Map<String, String> dataInput,
        TeacherCheck preflight,
        List<TermSize> terms) {
    /**
     * Check the teacher of a recipe. Nothing is trained, and nothing is written except cached outputs.
     *
     * @throws LimbeckException if there is no teacher or no validation split, or a run would reject the recipe
     */
    public static TeacherCheckRun of(Recipe recipe, RunContext context) {
        TeacherRecipe named = recipe.teacher();
        DistillationRecipe how = recipe.distillation();
        if (named == null || how == null)
            throw new LimbeckException("the recipe has no teacher; name one with --teacher");
        RecipeRun run = new RecipeRun(recipe, context);
        try (LoadedTeacher teacher = named.open(context.log());
                Data data = run.open(teacher);
                Learner learner = run.learner(data, teacher)) {
            if (!data.has(Split.VALID)) {
                throw new LimbeckException(
                        "there is no validation split to evaluate the teacher on; set --valid-fraction");
            }
            // The result is returned, so it is not logged as well.
            try (KnowledgeDistillation distillation = how.builder(teacher.teacher())
                    .checkThoroughly()
                    .log(line -> {})
                    .build()) {
                List<TermSize> terms =
                        learner.firstLoss(Stream.concat(recipe.mixing().stream(), Stream.of(distillation))
                                .toArray(Callback[]::new));
                context.logData(data);
                @Nullable TeacherCheck preflight = distillation.teacherCheck();
                if (preflight == null) throw new IllegalStateException("there is a validation split");
                return new TeacherCheckRun(
                        teacher.file(),
                        teacher.architecture(),
                        teacher.sha256(),
                        teacher.teacher().classNames(),
                        data.classNames(),
                        teacher.preprocessing(),
                        Modalities.metadata(data.preprocessing()),
                        preflight,
                        terms);
            }
        }
    }
}
