package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Data;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.Leftovers;
import dev.limbeck.recipe.LoadedTeacher;
import dev.limbeck.recipe.Recipe;
import dev.limbeck.recipe.RecipeFiles;
import dev.limbeck.recipe.RecipeRun;
import dev.limbeck.recipe.RunContext;
import dev.limbeck.run.RunDirectory;
import dev.limbeck.run.RunRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Create each run once. A finished run of an earlier call is reused if its settings match. An interrupted run is
 * resumed after its last finished epoch.
 */
final class RunStore {
    private static final String INPUTS = "preparation of the inputs";

    private final Path out;
    private final Teachers teachers;
    private final boolean tested;
    private final RunContext context;

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
        if (!Files.exists(recorded)) {
            context.log().accept(name);
            RecipeRun run = new RecipeRun(recipe, context.below(directory))
                    .keepPredictions()
                    .quietOnData()
                    .autoResume();
            return (tested ? run : run.withoutTest()).run(place, true, data, teacher);
        }
        RunRecord old = RunRecord.read(recorded);
        // Runs of earlier releases store only the hash of the weights.
        String identity = old.teacherIdentity();
        String teacherIdentity = teacher == null ? "" : identity == null ? teacher.sha256() : teacher.identity();
        ObjectNode wanted = facts(recipe.toTree(), data.fingerprint(), teacherIdentity);
        ObjectNode found =
                facts(old.recipe(), old.dataFingerprint(), identity == null ? old.teacherSha256() : identity);
        String inputs = old.inputsSha256();
        if (inputs != null) {
            wanted.put(INPUTS, RunRecord.inputsSha256(data.preprocessing()));
            found.put(INPUTS, inputs);
        }
        String difference = RecipeFiles.difference(wanted, found);
        if (difference != null) {
            throw new LimbeckException(place + " was made with other settings: " + difference
                    + "; choose another --out, or remove that folder");
        }
        RunDirectory.clearComplete(place);
        context.log().accept(name + ": already finished");
        return old;
    }

    private static ObjectNode facts(ObjectNode recipe, String data, String teacher) {
        return recipe.deepCopy().put("content of the data", data).put("content of the teacher", teacher);
    }

    /** Hold the lock of a folder, and the parent folders that were created for it. */
    record Claim(FolderLock lock, List<Path> made) implements AutoCloseable {
        /** Release the lock and remove created folders that are empty. */
        @Override
        public void close() {
            lock.close();
            made.forEach(Leftovers::deleteEmpty);
        }
    }

    /**
     * Lock a folder before anything is opened or computed.
     *
     * @throws LimbeckException if the folder is not writable, or another process writes to it
     */
    static Claim claim(Path out) {
        List<Path> missing = new ArrayList<>();
        Path whole = out.toAbsolutePath().normalize();
        for (Path folder = whole; folder != null && !Files.exists(folder); folder = folder.getParent()) {
            missing.add(folder);
        }
        if (Files.exists(out) && !Files.isDirectory(out)) {
            throw new LimbeckException(out + " is a file, expected a folder; choose another --out");
        }
        try {
            Files.createDirectories(out);
        } catch (IOException e) {
            throw new LimbeckException("cannot write to " + out + " (" + e.getMessage() + "); choose another --out", e);
        }
        if (!Files.isWritable(out)) {
            throw new LimbeckException("this user may not write to " + out + "; choose another --out");
        }
        return new Claim(FolderLock.take(FolderLock.inside(out), out), missing);
    }
}
