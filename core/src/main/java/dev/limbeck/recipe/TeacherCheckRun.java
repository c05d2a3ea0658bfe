package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.TeacherCheck;
import dev.limbeck.train.Learner;
import dev.limbeck.train.TermSize;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tell, before a recipe is carried out, what its teacher is and how it does, and how large each term of the loss is on the
 * first batch.
 *
 * @param file that the teacher was read from
 * @param kind its architecture, or the kind of file
 * @param teacherClasses in the order of its logits; empty if it does not name them
 * @param dataClasses in the order of the labels
 * @param teacherInput how its inputs are prepared, as far as is known
 * @param dataInput how the student's are
 * @param preflight what its answers to the validation split show
 * @param terms of the untrained student's loss
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
     * Look at the teacher of a recipe; nothing is trained or written but answers that it keeps.
     *
     * @throws LimbeckException if it has no teacher or no validation split, or what a run would refuse
     */
    public static TeacherCheckRun of(Recipe recipe, RunContext context) {
        TeacherRecipe named = recipe.teacher();
        DistillationRecipe how = recipe.distillation();
        if (named == null || how == null)
            throw new LimbeckException("the recipe has no teacher; name one with --teacher");
        RecipeRun run = new RecipeRun(recipe, context);
        try (LoadedTeacher teacher = named.open(context.log());
                ImageData data = run.open(teacher);
                Learner learner = run.learner(data)) {
            if (!data.has(Split.VALID)) {
                throw new LimbeckException(
                        "there is no validation split to ask the teacher about; choose --valid-fraction");
            }
            // What is found is returned, so it need not be told as well.
            KnowledgeDistillation distillation = how.builder(teacher.teacher())
                    .checkThoroughly()
                    .log(line -> {})
                    .build();
            List<TermSize> terms = learner.firstLoss(distillation);
            context.tell(data);
            @Nullable TeacherCheck preflight = distillation.teacherCheck();
            if (preflight == null) throw new IllegalStateException("there is a validation split");
            return new TeacherCheckRun(
                    teacher.file(),
                    teacher.architecture(),
                    teacher.sha256(),
                    teacher.teacher().classNames(),
                    data.classNames(),
                    teacher.preparation(),
                    data.preprocessing().toMetadata(),
                    preflight,
                    terms);
        }
    }
}
