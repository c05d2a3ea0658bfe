package dev.limbeck.recipe;

import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.train.EvaluationResult;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Metric;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Hold the further students of a run, which one pass of the teacher trains along. */
final class AlsoStudents implements AutoCloseable {
    private final List<Learner> learners = new ArrayList<>();
    private final RunContext context;

    /**
     * Create the students, each as its own run would.
     */
    AlsoStudents(Recipe recipe, Data data, @Nullable LoadedTeacher teacher, RunContext context) {
        this.context = context;
        DistillationRecipe how = recipe.distillation();
        try {
            for (String student : how == null ? List.<String>of() : how.also()) {
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

    /**
     * Evaluate the students after the last epoch, log their main metrics, and write their weights to the run.
     *
     * @return metrics by architecture and split
     */
    Map<String, Map<String, Map<String, Double>>> finish(RunDirectory directory, List<Split> splits) {
        Map<String, Map<String, Map<String, Double>>> all = new LinkedHashMap<>();
        for (Learner learner : learners) {
            Map<String, Map<String, Double>> own = new LinkedHashMap<>();
            for (Split split : splits) {
                if (!learner.data().has(split)) continue;
                EvaluationResult found = learner.validate(split);
                own.put(split.label(), found.metrics());
                String metric = Metric.main(learner.data().task().kind()).name();
                context.log()
                        .accept(learner.architecture() + ", " + split.label() + ": " + metric.replace('_', ' ') + " "
                                + Metric.text(metric, found.metrics().getOrDefault(metric, Double.NaN)));
            }
            learner.save(directory.alsoFile(learner.architecture()));
            all.put(learner.architecture(), own);
        }
        return all;
    }

    @Override
    public void close() {
        learners.forEach(Learner::close);
    }
}
