package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Metric;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Hold the further students of a run, which one pass of the teacher trains along. */
final class AlsoStudents implements AutoCloseable {
    private final List<Learner> learners = new ArrayList<>();
    private final RunContext context;

    /**
     * Create the students, each as its own run would.
     *
     * @throws LimbeckException if an architecture is there twice
     */
    AlsoStudents(Recipe recipe, Data data, @Nullable LoadedTeacher teacher, RunContext context) {
        this.context = context;
        DistillationRecipe how = recipe.distillation();
        Set<String> names = new HashSet<>(Set.of(recipe.student()));
        try {
            for (String student : how == null ? List.<String>of() : how.also()) {
                if (!names.add(student)) {
                    throw new LimbeckException("students that train along need different architectures, found "
                            + student + " twice; leave one out of also");
                }
                learners.add(new RecipeRun(recipe.withStudent(student), context).learner(data, teacher));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    List<Learner> learners() {
        return learners;
    }

    /** Evaluate the students after the last epoch, log their main metrics, and write their weights to the run. */
    void finish(RunDirectory directory, List<Split> splits) {
        for (Learner learner : learners) {
            for (Split split : splits) {
                if (!learner.data().has(split)) continue;
                EvaluationResult found = learner.validate(split);
                String metric = Metric.main(learner.data().task().kind()).name();
                context.log()
                        .accept(learner.architecture() + ", " + split.label() + ": " + metric.replace('_', ' ') + " "
                                + Metric.text(metric, found.metrics().getOrDefault(metric, Double.NaN)));
            }
            learner.save(directory.alsoFile(learner.architecture()));
        }
    }

    @Override
    public void close() {
        learners.forEach(Learner::close);
    }
}
