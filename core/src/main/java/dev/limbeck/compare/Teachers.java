package dev.limbeck.compare;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.data.Split;
import dev.limbeck.distill.cache.CachedTeacher;
import dev.limbeck.distill.cache.DiskStore;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.evaluate.EvaluationReport;
import dev.limbeck.io.Leftovers;
import dev.limbeck.recipe.DistillationRecipe;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.commons.io.FileUtils;
import org.jspecify.annotations.Nullable;

/** Hold the open teachers of several recipes, each once, with their cached outputs. */
final class Teachers implements AutoCloseable {
    /** Folder name of their predictions in a comparison's folder. */
    static final String FOLDER = "teachers";

    /** A teacher, and how its classes are matched to the data's. */
    private record Use(TeacherRecipe teacher, boolean matches, Map<String, List<String>> classes) {
        static @Nullable Use of(Recipe recipe) {
            TeacherRecipe teacher = recipe.teacher();
            if (teacher == null) return null;
            DistillationRecipe how = recipe.distillation();
            if (how == null) return new Use(teacher, false, Map.of());
            return new Use(
                    teacher,
                    how.matchClasses() != null && how.matchClasses(),
                    how.classes() == null ? Map.of() : how.classes());
        }
    }

    private final Map<TeacherRecipe, LoadedTeacher> open = new LinkedHashMap<>();
    /** The first recipe with each use of a teacher. */
    private final Map<Use, Recipe> firstOf = new LinkedHashMap<>();

    private final List<ComparisonResult.TeacherResult> all = new ArrayList<>();
    private final List<Map<Split, Predictions>> predictions = new ArrayList<>();
    /** Accuracies of each teacher, one per seed. */
    private final List<List<Double>> values = new ArrayList<>();

    private final Path out;
    private final List<Path> written = new ArrayList<>();

    /** Open the teachers, cache the outputs of at most this many rows each, and check that students can start from their weights. */
    Teachers(Collection<Recipe> recipes, long cachedRows, Path out, RunContext context) {
        this.out = out;
        Consumer<String> log = context.log();
        try {
            for (Recipe recipe : recipes) {
                TeacherRecipe named = recipe.teacher();
                Use use = Use.of(recipe);
                if (named == null || use == null) continue;
                firstOf.putIfAbsent(use, recipe);
                if (open.containsKey(named)) continue;
                LoadedTeacher opened = named.open(log);
                open.put(
                        named,
                        named.cache() != null
                                ? opened
                                : opened.wrapped(teacher -> CachedTeacher.inMemory(teacher, cachedRows)));
            }
            Set<List<?>> checked = new HashSet<>();
            for (Recipe recipe : recipes) {
                boolean isNew = checked.add(Arrays.asList(recipe.init(), recipe.teacher(), recipe.student()));
                if (isNew) recipe.checkStart(of(recipe), context);
            }
            Recipe.requireSamePreparation(recipes, preprocessing());
        } catch (LimbeckException e) {
            close();
            throw e;
        }
    }

    /**
     * Require that the folders of cached outputs were begun by another program. Several shards would fill an empty one at the same time, and
     * the outputs' last bits would depend on which of them was first; so they do for rows that are missing in a folder.
     */
    static void requireNonEmpty(Collection<Recipe> recipes) {
        for (Recipe recipe : recipes) {
            TeacherRecipe teacher = recipe.teacher();
            for (Path folder : teacher == null ? List.<Path>of() : teacher.cacheFolders()) {
                if (DiskStore.facts(folder) != null) continue;
                throw new LimbeckException("the shards would all fill the empty cache folder " + folder
                        + "; fill it first (limbeck cache, with the same recipe)");
            }
        }
    }

    @Nullable
    LoadedTeacher of(Recipe recipe) {
        return recipe.teacher() == null ? null : open.get(recipe.teacher());
    }

    @Nullable
    Integer position(Recipe recipe) {
        Use use = Use.of(recipe);
        return use == null ? null : List.copyOf(firstOf.keySet()).indexOf(use);
    }

    /** Return the preprocessing of the first teacher, which all runs use. */
    Map<String, String> preprocessing() {
        return open.values().stream()
                .findFirst()
                .map(LoadedTeacher::preprocessing)
                .orElse(Map.of());
    }

    /** Return the facts about each teacher. They are complete after the evaluation. */
    List<ComparisonResult.TeacherResult> all() {
        List<ComparisonResult.TeacherResult> known = new ArrayList<>();
        for (int i = 0; i < all.size(); i++) {
            ComparisonResult.TeacherResult first = all.get(i);
            known.add(new ComparisonResult.TeacherResult(
                    first.model(),
                    first.architecture(),
                    first.weightsKey(),
                    first.preprocessing(),
                    Arrays.stream(values(i)).average().orElse(Double.NaN),
                    first.report(),
                    first.sha256(),
                    first.file()));
        }
        return known;
    }

    /** Return the accuracy of a teacher for each evaluated seed. */
    double[] values(int teacher) {
        return values.get(teacher).stream().mapToDouble(Double::doubleValue).toArray();
    }

    /**
     * Return the predictions of a recipe's teacher, or of the first teacher if the recipe has none; null without
     * teachers.
     */
    @Nullable
    Map<Split, Predictions> predictions(Recipe recipe) {
        if (predictions.isEmpty()) return null;
        Integer position = position(recipe);
        return predictions.get(position == null ? 0 : position);
    }

    /**
     * Evaluate each teacher on the data of one more seed. A test split is the same for all seeds; a random validation
     * split differs. The predictions of the first seed are stored.
     */
    void evaluate(Data data, Split split, RunContext context) {
        boolean first = all.isEmpty();
        int position = 0;
        for (Recipe recipe : firstOf.values()) {
            LoadedTeacher teacher = Objects.requireNonNull(of(recipe));
            if (first) {
                Map<Split, Predictions> bySplit = bySplit(teacher, recipe, data, context, Split.VALID, Split.TEST);
                keep(teacher, bySplit, split);
            } else if (split == Split.TEST) {
                values.get(position).add(values.get(position).get(0));
            } else {
                Map<Split, Predictions> bySplit = bySplit(teacher, recipe, data, context, split);
                values.get(position).add(value(bySplit, split));
            }
            position++;
        }
    }

    private static double value(Map<Split, Predictions> bySplit, Split split) {
        return main(Objects.requireNonNull(bySplit.get(split)));
    }

    private static double main(Predictions predictions) {
        return Metric.main(predictions.task().kind()).of(predictions);
    }

    private void keep(LoadedTeacher loaded, Map<Split, Predictions> bySplit, Split split) {
        // One file may be used in several ways.
        String number = predictions.isEmpty() ? "" : "-" + predictions.size();
        Path file = Path.of(FOLDER, loaded.sha256().substring(0, 16) + number + ".safetensors");
        predictions.add(bySplit);
        values.add(new ArrayList<>(List.of(value(bySplit, split))));
        all.add(new ComparisonResult.TeacherResult(
                loaded.file(),
                loaded.architecture(),
                loaded.saved() == null ? null : loaded.saved().weightsKey(),
                loaded.preprocessing(),
                value(bySplit, split),
                EvaluationReport.of(bySplit, split, null),
                loaded.sha256(),
                file.toString()));
    }

    /** Write all predictions, before the record that references them. */
    void write() {
        for (int i = 0; i < all.size(); i++) {
            Path file = out.resolve(all.get(i).file());
            if (!Files.exists(file)) written.add(file);
            PredictionFile.write(predictions.get(i), file);
        }
    }

    /** Remove files that this object created. */
    void discard() {
        written.forEach(file -> FileUtils.deleteQuietly(file.toFile()));
        Leftovers.deleteEmpty(out.resolve(FOLDER));
    }

    private static Map<Split, Predictions> bySplit(
            LoadedTeacher loaded, Recipe recipe, Data data, RunContext context, Split... splits) {
        DistillationRecipe how = recipe.distillation();
        List<String> names = data.classNames();
        Teacher teacher = how == null ? loaded.teacher() : how.matched(loaded.teacher(), data.task());
        int classes = teacher.classes();
        if (classes != 0 && classes != names.size()) {
            throw new LimbeckException("the teacher " + loaded.file() + " has " + classes
                    + " classes, the data has " + names.size()
                    + "; use a teacher of the same classes, or match them by name (--match-classes)");
        }
        try (TeacherSession session =
                teacher.open(recipe.teacherContext(data, context).judging())) {
            Map<Split, Predictions> bySplit = new EnumMap<>(Split.class);
            for (Split split : splits) {
                if (data.has(split)) bySplit.put(split, session.predict(data, split));
            }
            return bySplit;
        }
    }

    @Override
    public void close() {
        open.values().forEach(LoadedTeacher::close);
    }
}
