package dev.limbeck.recipe;

import dev.limbeck.LimbeckException;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.train.Checkpoint;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Find the checkpoint of an interrupted run, and check that the same run is resumed. */
public final class ResumePoint {
    private static final String RECIPE = "recipe";
    private static final String DATA = "content of the data";
    private static final String TEACHER = "content of the teacher";

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
        List<Path> checkpoints = RunDirectory.checkpoints(out);
        LimbeckException trouble = null;
        for (Path checkpoint : checkpoints) {
            try {
                Checkpoint.check(checkpoint);
                return new ResumePoint(out, checkpoint, Checkpoint.facts(checkpoint), trouble);
            } catch (LimbeckException e) {
                if (trouble == null) trouble = e;
            }
        }
        throw new LimbeckException(
                "nothing to resume: " + (trouble == null ? "no checkpoint" : trouble.getMessage())
                        + "; start again with --overwrite",
                trouble);
    }

    /** Return whether an interrupted run left a complete checkpoint. */
    static boolean isLeft(Path out) {
        try {
            at(out);
            return true;
        } catch (LimbeckException e) {
            return false; // without a usable checkpoint, a run starts again
        }
    }

    static Map<String, String> facts(Recipe recipe, String data, String teacher) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put(RECIPE, recipe.toTree().toString());
        facts.put(DATA, data);
        facts.put(TEACHER, teacher);
        return facts;
    }

    /** Return the recipe of the interrupted run. */
    public Recipe recipe() {
        return Recipe.parse(facts.getOrDefault(RECIPE, ""));
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
     * @throws LimbeckException if recipe, data or teacher differ, with the first difference
     */
    Path checkpointOf(Recipe recipe, Map<String, String> wanted, Consumer<String> log) {
        check(recipe);
        for (String content : List.of(DATA, TEACHER)) {
            if (!wanted.getOrDefault(content, "").equals(facts.get(content))) {
                throw differs("the " + content + " has changed");
            }
        }
        if (trouble != null) log.accept(trouble.getMessage() + "; resuming from the previous checkpoint");
        return checkpoint;
    }

    private LimbeckException differs(String what) {
        return new LimbeckException(
                "cannot resume " + out + ": " + what + "; use the original settings, or choose another --out");
    }
}
