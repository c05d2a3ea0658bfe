package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.distill.CacheWarmup;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.Encoding;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.distill.loss.Losses;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.io.IoErrors;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.Learner;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Report the result of caching a teacher's outputs.
 *
 * @param rows number of training rows, with each view counted
 * @param bytes size of the cache folder
 * @param costs what the form of the outputs costs in each logit loss, by its name, and with its settings if several have that name;
 *     empty if the cache is lossless
 */
public record TeacherCaching(String folder, int rows, long bytes, double seconds, Map<String, Cost> costs) {
    /** Rows that the costs are measured on: the first ones of the first training view. */
    static final int MEASURED = 1024;

    /**
     * Hold values of a loss.
     *
     * @param cached of a student with uniform predictions against cached outputs
     * @param live of that student against live outputs
     * @param apart of a student that gives the cached outputs exactly, against live ones: T²·KL for {@code soft-target}
     */
    public record Cost(double cached, double live, double apart) {}

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
            Set<String> layers;
            try (Learner learner = run.learner(data, teacher);
                    KnowledgeDistillation distillation = how.with(cached, context.log())) {
                List<Callback> callbacks = new ArrayList<>();
                recipe.mixing().ifPresent(callbacks::add);
                callbacks.add(distillation);
                callbacks.add(new CacheWarmup(distillation, context.prepare()::prepared));
                learner.firstLoss(callbacks.toArray(Callback[]::new));
                layers = distillation.teacherLayers();
            }
            if (cached.hasWriteErrors()) {
                throw new LimbeckException("not all outputs could be cached in " + folder
                        + "; free disk space or fix the permissions, and run it again: it continues");
            }
            context.logData(data);
            return new TeacherCaching(
                    folder,
                    data.size(Split.TRAIN) * recipe.shown(data).views().length,
                    bytes(Path.of(folder)),
                    (System.nanoTime() - start) / 1e9,
                    recipe.embeds()
                                    || named.cacheAs() == null
                                    || Encoding.of(named.cacheAs()).equals(Encoding.FLOAT32)
                            ? Map.of()
                            : costs(cached, teacher.teacher(), how, layers, recipe.teacherContext(data, context)));
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

    private static Map<String, Cost> costs(
            Teacher cached, Teacher teacher, DistillationRecipe how, Set<String> layers, TeacherContext context) {
        Data data = context.data();
        Map<String, List<double[]>> sums = new LinkedHashMap<>();
        int rows = 0;
        try (TeacherSession kept = how.matched(cached, data.task()).open(context);
                TeacherSession live = how.matched(teacher, data.task()).open(context);
                DataLoader batches = data.view(Split.TRAIN, data.views()[0])) {
            while (rows < MEASURED) {
                try (Scope scope = Scope.open();
                        NoGrad noGrad = NoGrad.on()) {
                    Batch batch = batches.next();
                    if (batch == null) break;
                    int size = batch.size();
                    rows += size;
                    // A small distance would be lost in the rounding of float32.
                    Tensor ours = Tensors.to(kept.compute(batch, layers).logits(), DType.FLOAT64);
                    Tensor theirs = Tensors.to(live.logits(batch), DType.FLOAT64);
                    Tensor even = Tensors.zerosLike(theirs);
                    Tensor labels = Tensors.to(batch.labels(), theirs.device());
                    for (LossRecipe loss : how.losses()) {
                        if (Losses.byName(loss.name()).comparesFeatures()) continue;
                        LogitLoss compares = loss.logitLoss();
                        if (compares.relational() && size < 2) continue;
                        sums.computeIfAbsent(title(loss, how.losses()), name -> new ArrayList<>())
                                .add(new double[] {
                                    size,
                                    compares.compute(even, ours, labels).item_double(),
                                    compares.compute(even, theirs, labels).item_double(),
                                    compares.compute(ours, theirs, labels).item_double()
                                });
                    }
                }
            }
        }
        Map<String, Cost> costs = new LinkedHashMap<>();
        sums.forEach((name, values) -> costs.put(name, new Cost(mean(values, 1), mean(values, 2), mean(values, 3))));
        return costs;
    }

    /** Return a loss's name, or, if another one has the same, the loss with its settings. */
    private static String title(LossRecipe loss, List<LossRecipe> all) {
        boolean isOnly =
                all.stream().filter(other -> other.name().equals(loss.name())).count() == 1;
        return isOnly ? loss.name() : loss.textWithTemperature();
    }

    private static double mean(List<double[]> values, int column) {
        double rows = values.stream().mapToDouble(value -> value[0]).sum();
        return values.stream().mapToDouble(value -> value[0] * value[column]).sum() / rows;
    }
}
