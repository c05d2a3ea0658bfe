package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.Leftovers;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.ResumePoint;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunJson;
import dev.limbeck.run.RunRecord;
import dev.limbeck.train.TrainingDiverged;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Create each run once. A finished run of an earlier call is reused if its settings match, and one that diverged is not repeated. An
 * interrupted run is resumed after its last finished epoch.
 */
final class RunStore {
    private static final String MESSAGE = "message";
    private static final String SETTINGS = "settings";

    private final Path out;
    private final Teachers teachers;
    private final boolean tested;
    private final RunContext context;
    private final Set<String> machines = new LinkedHashSet<>();

    /**
     * Store runs in a folder that was claimed.
     *
     * @param tested whether runs are also evaluated on the test split
     */
    RunStore(Path out, Teachers teachers, boolean tested, RunContext context) {
        Leftovers.clear(out);
        Leftovers.clear(out.resolve(Teachers.FOLDER));
        this.out = out;
        this.teachers = teachers;
        this.tested = tested;
        this.context = context;
    }

    /**
     * Return the record of a run, and run it first if needed.
     *
     * @param directory run directory, relative to the common folder
     * @throws LimbeckException if the folder holds a run of another recipe, other data, inputs or teacher
     */
    RunRecord run(String directory, String name, Recipe recipe, Data data) {
        Path place = out.resolve(directory);
        Path recorded = place.resolve(RunDirectory.RECORD_NAME);
        LoadedTeacher teacher = teachers.of(recipe);
        if (!Files.exists(recorded)) return train(directory, name, recipe, data, teacher);
        RunRecord old = RunRecord.read(recorded);
        // Runs of earlier releases store only the hash of the weights.
        String identity = old.teacherIdentity();
        String teacherIdentity = teacher == null ? "" : identity == null ? teacher.sha256() : teacher.identity();
        ObjectNode wanted = facts(recipe, data, teacherIdentity);
        ObjectNode found =
                facts(old.recipe(), old.dataFingerprint(), identity == null ? old.teacherSha256() : identity);
        String start = old.training().startSha256();
        // Runs of earlier releases do not say how inputs were prepared.
        if (old.inputsSha256() == null) wanted.remove(ResumePoint.INPUTS);
        else found.put(ResumePoint.INPUTS, old.inputsSha256());
        // Nor do they know the file of pretrained weights.
        if (start == null && recipe.pretrained() != null) wanted.remove(ResumePoint.START);
        if (wanted.has(ResumePoint.START)) found.put(ResumePoint.START, start == null ? "" : start);
        String difference = RecipeFiles.difference(wanted, found);
        if (difference != null) {
            throw new LimbeckException(place + " was made with other settings: " + difference
                    + "; choose another --out, or remove that folder");
        }
        RunDirectory.clearComplete(place);
        context.log().accept(name + ": already finished");
        machines.add(old.machine());
        return old;
    }

    private RunRecord train(String directory, String name, Recipe recipe, Data data, @Nullable LoadedTeacher teacher) {
        Path note = diverged(directory);
        ObjectNode facts = facts(recipe, data, teacher == null ? "" : teacher.identity());
        if (Files.exists(note)) {
            ObjectNode old = RunJson.read(note);
            boolean knowsStart =
                    recipe.pretrained() == null || old.path(SETTINGS).has(ResumePoint.START);
            if (!knowsStart) facts.remove(ResumePoint.START);
            String difference = RecipeFiles.difference(facts, old.path(SETTINGS));
            if (difference == null) {
                throw new TrainingDiverged(
                        old.path(MESSAGE).asText() + " (noted in " + note + "; remove it to try again)");
            }
            throw new LimbeckException(note + " is of a run with other settings: " + difference
                    + "; choose another --out, or remove that file");
        }
        context.log().accept(name);
        RecipeRun run = new RecipeRun(recipe, context.below(directory))
                .keepPredictions()
                .quietOnData()
                .autoResume();
        try {
            RunRecord done = (tested ? run : run.withoutTest()).run(out.resolve(directory), true, data, teacher);
            machines.add(done.machine());
            return done;
        } catch (TrainingDiverged e) {
            ObjectNode noted = JsonNodeFactory.instance.objectNode().put(MESSAGE, e.getMessage());
            noted.set(SETTINGS, facts);
            AtomicFile.write(note, RunJson.sealed(noted));
            throw e;
        }
    }

    private Path diverged(String directory) {
        return out.resolve(directory + ".diverged.json");
    }

    /** Return whether a run is finished, or diverged. */
    boolean isDone(String directory) {
        return Files.exists(out.resolve(directory).resolve(RunDirectory.RECORD_NAME))
                || Files.exists(diverged(directory));
    }

    /** Return the known machines of all runs so far, as {@link RunRecord#machine} describes them. */
    List<String> machines() {
        return machines.stream().filter(machine -> !machine.isEmpty()).toList();
    }

    /** Return what a run depends on. */
    private ObjectNode facts(Recipe recipe, Data data, String teacher) {
        ObjectNode facts = facts(recipe.toTree(), data.fingerprint(), teacher)
                .put(ResumePoint.INPUTS, RunRecord.inputsSha256(data.preprocessing()));
        String start = recipe.startSha256(context);
        if (!start.isEmpty()) facts.put(ResumePoint.START, start);
        return facts;
    }

    private static ObjectNode facts(ObjectNode recipe, String data, String teacher) {
        return recipe.deepCopy().put("content of the data", data).put("content of the teacher", teacher);
    }
}
