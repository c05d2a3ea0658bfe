package dev.limbeck.compare;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.teacher.KeptTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.evaluate.Judgement;
import dev.limbeck.recipe.DistillationRecipe;
import dev.limbeck.recipe.OpenTeacher;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Hold the open teachers of several recipes, each once, with what they answered. */
final class Teachers implements AutoCloseable {
    /** The folder of their predictions in a comparison's folder. */
    static final String FOLDER = "teachers";

    private final Map<TeacherRecipe, OpenTeacher> open = new LinkedHashMap<>();
    /** How the first recipe of each teacher learns from it. */
    private final Map<TeacherRecipe, DistillationRecipe> how = new HashMap<>();

    private final List<ComparisonResult.Taught> all = new ArrayList<>();
    private final List<Map<Split, Predictions>> predictions = new ArrayList<>();
    private final Path out;

    /** Open them, and let each remember its answers to so many rows. */
    Teachers(Collection<Recipe> recipes, long remembered, Path out, Consumer<String> told) {
        this.out = out;
        try {
            for (Recipe recipe : recipes) {
                TeacherRecipe named = recipe.teacher();
                if (named == null || open.containsKey(named)) continue;
                if (recipe.distillation() != null) how.put(named, recipe.distillation());
                OpenTeacher opened = named.open(told);
                open.put(
                        named,
                        named.cache() != null
                                ? opened
                                : opened.wrapped(teacher -> KeptTeacher.inMemory(teacher, remembered)));
            }
        } catch (LimbeckException e) {
            close();
            throw e;
        }
    }

    @Nullable
    OpenTeacher of(Recipe recipe) {
        return recipe.teacher() == null ? null : open.get(recipe.teacher());
    }

    @Nullable
    Integer position(Recipe recipe) {
        return recipe.teacher() == null ? null : List.copyOf(open.keySet()).indexOf(recipe.teacher());
    }

    /** Return how images are prepared for the first teacher, and with that for everyone. */
    Map<String, String> preparation() {
        return open.values().stream().findFirst().map(OpenTeacher::preparation).orElse(Map.of());
    }

    /** Return what is known of each; complete once they are judged. */
    List<ComparisonResult.Taught> all() {
        return List.copyOf(all);
    }

    /** Return the answers of a recipe's teacher, of the first one for a recipe without; null if there is none. */
    @Nullable
    Map<Split, Predictions> predictions(Recipe recipe) {
        if (predictions.isEmpty()) return null;
        Integer position = position(recipe);
        return predictions.get(position == null ? 0 : position);
    }

    /** Judge each teacher once, and keep its predictions for the comparison with its students. */
    void judge(ImageData data, Split split, RunContext context) {
        if (all.size() == open.size()) return;
        for (Map.Entry<TeacherRecipe, OpenTeacher> entry : open.entrySet()) {
            OpenTeacher taught = entry.getValue();
            Path file = out.resolve(FOLDER).resolve(taught.sha256().substring(0, 16) + ".safetensors");
            Map<Split, Predictions> answers = answers(taught, how.get(entry.getKey()), data, context);
            try {
                Files.createDirectories(file.getParent());
            } catch (IOException e) {
                throw new LimbeckException("cannot write to " + out + ": " + e.getMessage(), e);
            }
            PredictionFile.write(answers, file);
            predictions.add(answers);
            all.add(new ComparisonResult.Taught(
                    taught.file(),
                    taught.architecture(),
                    taught.preparation(),
                    Metric.accuracy().of(Objects.requireNonNull(answers.get(split))),
                    Judgement.of(answers, split, null),
                    taught.sha256(),
                    out.relativize(file).toString()));
        }
    }

    private static Map<Split, Predictions> answers(
            OpenTeacher taught, @Nullable DistillationRecipe how, ImageData data, RunContext context) {
        List<String> names = data.classNames();
        Teacher teacher = how == null ? taught.teacher() : how.matched(taught.teacher(), names);
        int classes = teacher.classes();
        if (classes != 0 && classes != names.size()) {
            throw new LimbeckException("the teacher " + taught.file() + " knows " + classes
                    + " classes, the data has " + names.size()
                    + "; use a teacher of the same classes, or match them by name (--match-classes)");
        }
        try (Teacher.Lesson lesson = teacher.begin(data, Engine.device(context.device()))) {
            Map<Split, Predictions> answers = new EnumMap<>(Split.class);
            for (Split split : List.of(Split.VALID, Split.TEST)) {
                if (data.has(split)) answers.put(split, lesson.predict(data, split));
            }
            return answers;
        }
    }

    @Override
    public void close() {
        open.values().forEach(OpenTeacher::close);
    }
}
