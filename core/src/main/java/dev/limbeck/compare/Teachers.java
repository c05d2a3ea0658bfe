package dev.limbeck.compare;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.teacher.KeptTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.evaluate.Judgement;
import dev.limbeck.recipe.PredictionFile;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.recipe.TeacherRecipe;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Metric;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Hold the open teachers of several recipes, each once, with what they answered. */
final class Teachers implements AutoCloseable {
    /** The folder of their predictions in a comparison's folder. */
    static final String FOLDER = "teachers";

    private final Map<TeacherRecipe, RecipeRun.Taught> open = new LinkedHashMap<>();
    private final List<ComparisonResult.Taught> all = new ArrayList<>();
    private final List<Map<Split, Predictions>> predictions = new ArrayList<>();
    private final Path out;

    /** Open them, and let each remember its answers to so many rows. */
    Teachers(Collection<Recipe> recipes, long remembered, Path out) {
        this.out = out;
        try {
            for (Recipe recipe : recipes) {
                TeacherRecipe named = recipe.teacher();
                if (named == null || open.containsKey(named)) continue;
                SavedModel saved = named.open();
                open.put(named, new RecipeRun.Taught(KeptTeacher.of(ModuleTeacher.of(saved), remembered), saved));
            }
        } catch (LimbeckException e) {
            close();
            throw e;
        }
    }

    RecipeRun.@Nullable Taught of(Recipe recipe) {
        return recipe.teacher() == null ? null : open.get(recipe.teacher());
    }

    @Nullable
    Integer position(Recipe recipe) {
        return recipe.teacher() == null ? null : List.copyOf(open.keySet()).indexOf(recipe.teacher());
    }

    /** Return how images are prepared for the first teacher, and with that for everyone. */
    Map<String, String> preparation() {
        return open.values().stream()
                .findFirst()
                .map(taught -> taught.saved().preparation())
                .orElse(Map.of());
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
        for (RecipeRun.Taught taught : open.values()) {
            SavedModel saved = taught.saved();
            Path file = out.resolve(FOLDER).resolve(saved.sha256().substring(0, 16) + ".safetensors");
            Map<Split, Predictions> answers = answers(taught, data, context);
            try {
                Files.createDirectories(file.getParent());
            } catch (IOException e) {
                throw new LimbeckException("cannot write to " + out + ": " + e.getMessage(), e);
            }
            PredictionFile.write(answers, file);
            predictions.add(answers);
            all.add(new ComparisonResult.Taught(
                    saved.file().toString(),
                    saved.architecture(),
                    Metric.accuracy().of(Objects.requireNonNull(answers.get(split))),
                    Judgement.of(answers, split, null),
                    saved.sha256(),
                    out.relativize(file).toString()));
        }
    }

    private static Map<Split, Predictions> answers(RecipeRun.Taught taught, ImageData data, RunContext context) {
        SavedModel saved = taught.saved();
        if (saved.classes() != data.classNames().size()) {
            throw new LimbeckException("the teacher " + saved.file() + " knows " + saved.classes()
                    + " classes, the data has " + data.classNames().size() + "; use a teacher of the same classes");
        }
        try (Teacher.Lesson lesson = taught.teacher().begin(data, Engine.device(context.device()))) {
            Map<Split, Predictions> answers = new EnumMap<>(Split.class);
            for (Split split : List.of(Split.VALID, Split.TEST)) {
                if (data.has(split)) answers.put(split, lesson.predict(data, split));
            }
            return answers;
        }
    }

    @Override
    public void close() {
        open.values().forEach(taught -> taught.saved().close());
    }
}
