package dev.limbeck.recipe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.run.RenamedKeys;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.train.Checkpoint;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Find the checkpoint of an interrupted run, and check that the same run is resumed. */
public final class ResumePoint {
    private static final String RECIPE = "recipe";
    private static final String DATA = "content of the data";
    private static final String TEACHER = "content of the teacher";

    /** How inputs are prepared: the vocabulary of a tokenizer's file may have changed, where the recipe and the rows have not. */
    public static final String INPUTS = "preparation of the inputs";

    /** The file that a student starts from, if it is not the teacher's. */
    public static final String START = "content of the initial weights";

    private static final String PROCESSES = "number of processes";

    private final Path out;
    private final Path checkpoint;
    private final Map<String, String> facts;
    private final @Nullable LimbeckException trouble;

    private ResumePoint(Path out, Path checkpoint, Map<String, String> facts, @Nullable LimbeckException trouble) {
        this.out = out;
        this.checkpoint = checkpoint;
        this.facts = facts;
        this.trouble = trouble;
    }

    /**
     * Find the last complete checkpoint of a run directory.
     *
     * @throws LimbeckException if there is none
     */
    public static ResumePoint at(Path out) {
        List<LimbeckException> troubles = new ArrayList<>();
        return newest(out, RunDirectory.checkpoints(out), troubles)
                .orElseThrow(() -> new LimbeckException(
                        "nothing to resume: "
                                + (troubles.isEmpty()
                                        ? "no checkpoint"
                                        : troubles.get(0).getMessage())
                                + "; train anew with --overwrite",
                        troubles.isEmpty() ? null : troubles.get(0)));
    }

    /** Look for the last checkpoint that is whole; where there is none, a run begins anew. */
    static Optional<ResumePoint> ifLeft(Path out) {
        return newest(out, RunDirectory.checkpointsLeft(out), new ArrayList<>());
    }

    /** Find the first that is whole, and note what is wrong with those before it. */
    private static Optional<ResumePoint> newest(Path out, List<Path> checkpoints, List<LimbeckException> troubles) {
        for (Path checkpoint : checkpoints) {
            try {
                Checkpoint.check(checkpoint);
                LimbeckException trouble = troubles.isEmpty() ? null : troubles.get(0);
                return Optional.of(new ResumePoint(out, checkpoint, Checkpoint.facts(checkpoint), trouble));
            } catch (LimbeckException e) {
                troubles.add(e);
            }
        }
        return Optional.empty();
    }

    /** Read the recipe of a run from its checkpoint, without a look at the rest; empty if it is just being replaced, or damaged. */
    public static Optional<Recipe> recipeIn(Path checkpoint) {
        try {
            return Optional.of(recipe(Checkpoint.facts(checkpoint)));
        } catch (LimbeckException e) {
            return Optional.empty();
        }
    }

    static Map<String, String> facts(Recipe recipe, Data data, String teacher, int processes) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(RECIPE, recipe.toTree().toString());
        facts.put(DATA, data.fingerprint());
        facts.put(INPUTS, data.preprocessing().identity());
        facts.put(TEACHER, teacher);
        facts.put(PROCESSES, String.valueOf(processes));
        return facts;
    }

    /** Return the recipe of the interrupted run. */
    public Recipe recipe() {
        return recipe(facts);
    }

    private static Recipe recipe(Map<String, String> facts) {
        ObjectNode tree = RecipeFiles.tree(facts.getOrDefault(RECIPE, ""), "the recipe");
        RenamedKeys.inStoredRecipe(tree);
        return RecipeFiles.bind(tree, "");
    }

    /**
     * Check that the recipe is unchanged, before any data is read.
     *
     * @throws LimbeckException if it differs, with the first difference
     */
    void check(Recipe wanted) {
        String difference = RecipeFiles.difference(recipe().toTree(), wanted.toTree());
        if (difference != null) throw differs(difference);
    }

    /**
     * Return the checkpoint to resume from.
     *
     * @param elastic whether another number of processes may continue
     * @throws LimbeckException if recipe, data, the preparation of inputs or teacher differ, with the first difference
     */
    Path checkpointOf(Recipe recipe, Map<String, String> wanted, boolean elastic, Consumer<String> log) {
        check(recipe);
        for (String content : List.of(DATA, INPUTS, TEACHER, START)) {
            // Checkpoints of earlier releases know neither the preparation of the inputs nor pretrained weights.
            boolean isNew = content.equals(INPUTS) || content.equals(START) && recipe.pretrained() != null;
            if (isNew && !facts.containsKey(content)) continue;
            if (!wanted.getOrDefault(content, "").equals(facts.getOrDefault(content, ""))) {
                throw differs("the " + content + " has changed");
            }
        }
        String before = facts.getOrDefault(PROCESSES, "1");
        String now = wanted.get(PROCESSES);
        if (!before.equals(now)) {
            String difference = "it was trained by " + before + " processes, now by " + now;
            if (!elastic) {
                throw new LimbeckException("cannot resume " + out + ": " + difference
                        + "; use as many, or keep the global batch with --elastic");
            }
            log.accept(difference + "; each step takes the same batches");
        }
        if (trouble != null) log.accept(trouble.getMessage() + "; resuming from the previous checkpoint");
        return checkpoint;
    }

    private LimbeckException differs(String what) {
        return new LimbeckException(
                "cannot resume " + out + ": " + what + "; use the original settings, or choose another --out");
    }
}
