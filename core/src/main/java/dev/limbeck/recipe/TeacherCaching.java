package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.CacheWarmup;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.io.IoErrors;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Report the result of caching a teacher's outputs.
 *
 * @param rows number of training rows, with each view counted
 * @param bytes size of the cache folder
 * @param changes the values of each logit loss with cached and with live outputs, for a student with uniform
 *     predictions; empty if the cache is lossless
 */
public record TeacherCaching(String folder, int rows, long bytes, double seconds, Map<String, List<Double>> changes) {
    /**
     * Compute all outputs of a recipe's teacher that training will need, and cache them in its folder. Outputs that are
     * cached already are skipped, so an interrupted call can be repeated.
     *
     * @throws LimbeckException if the recipe has no cache folder, or the number of views is unlimited
     */
    public static TeacherCaching of(Recipe recipe, RunContext context) {
        TeacherRecipe named = recipe.teacher();
        DistillationRecipe how = recipe.distillation();
        if (named == null || how == null)
            throw new LimbeckException("the recipe has no teacher; name one with --teacher");
        String folder = named.cache();
        if (folder == null) {
            throw new LimbeckException("the recipe has no cache folder; set one with --cache-teacher");
        }
        long start = System.nanoTime();
        RecipeRun run = new RecipeRun(recipe, context);
        try (LoadedTeacher teacher = named.withoutCache().open(context.log());
                Data data = run.open(teacher)) {
            CachedTeacher cached = named.cached(teacher.teacher(), context.log());
            try (Learner learner = run.learner(data)) {
                KnowledgeDistillation distillation = how.with(cached, context.log());
                learner.firstLoss(distillation, new CacheWarmup(distillation, context.prepare()::prepared));
            }
            if (cached.hasWriteErrors()) {
                throw new LimbeckException("not all outputs could be cached in " + folder
                        + "; free disk space or fix the permissions, and run it again: it continues");
            }
            context.tell(data);
            return new TeacherCaching(
                    folder,
                    data.size(Split.TRAIN) * data.views().length,
                    bytes(Path.of(folder)),
                    (System.nanoTime() - start) / 1e9,
                    named.cacheAs() == null || Encoding.of(named.cacheAs()).equals(Encoding.FLOAT32)
                            ? Map.of()
                            : changes(cached, teacher.teacher(), data, how, recipe.teacherContext(data, context)));
        }
    }

    private static long bytes(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            long sum = 0;
            for (Path file : files.toList()) {
                // Another writer may have renamed the file already.
                if (!file.toString().endsWith(".tmp")) sum += Files.size(file);
            }
            return sum;
        } catch (IOException e) {
            throw IoErrors.reading(folder, e);
        }
    }

    private static Map<String, List<Double>> changes(
            Teacher cached, Teacher teacher, Data data, DistillationRecipe how, TeacherContext context) {
        Split split = data.has(Split.VALID) ? Split.VALID : Split.TRAIN;
        Predictions kept = outputs(how.matched(cached, data.task()), split, context);
        Predictions live = outputs(how.matched(teacher, data.task()), split, context);
        Map<String, List<Double>> changes = new LinkedHashMap<>();
        try (Scope scope = Scope.open()) {
            Tensor even = Tensors.zeros(DType.FLOAT32, live.size(), live.width());
            Tensor labels = new Batch(Inputs.of(even), live.targets().tensor(), new int[live.size()]).labels();
            for (LossRecipe loss : how.losses()) {
                if (Losses.byName(loss.name()).comparesFeatures()) continue;
                changes.put(
                        loss.name(),
                        Stream.of(kept, live)
                                .map(outputs -> loss.logitLoss()
                                        .compute(even, Tensors.of(outputs.outputs(), live.size(), live.width()), labels)
                                        .item_double())
                                .toList());
            }
        }
        return changes;
    }

    private static Predictions outputs(Teacher teacher, Split split, TeacherContext context) {
        try (TeacherSession session = teacher.open(context)) {
            return session.predict(context.data(), split);
        }
    }
}
