package dev.limbeck.compare;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.image.ImageData;
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
 * Make each run once: what an earlier attempt has finished is taken as it is, if it was made the same way, and what it
 * was interrupted in goes on after the last finished epoch.
 */
final class RunStore {
    private final Path out;
    private final Teachers teachers;
    private final boolean tested;
    private final RunContext context;

    /**
     * Keep runs below a folder that was claimed.
     *
     * @param tested whether they are evaluated on the test split too
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
     * Return the record of a run, which is made unless it is there.
     *
     * @param directory below the folder of all
     * @throws LimbeckException if the folder holds a run of another recipe, other data or another teacher
     */
    RunRecord run(String directory, String name, Recipe recipe, ImageData data) {
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
        // Runs of earlier releases know the weights alone.
        String identity = old.teacherIdentity();
        String asked = teacher == null ? "" : identity == null ? teacher.sha256() : teacher.identity();
        ObjectNode wanted = facts(recipe.toTree(), data.fingerprint(), asked);
        ObjectNode found =
                facts(old.recipe(), old.dataFingerprint(), identity == null ? old.teacherSha256() : identity);
        String difference = RecipeFiles.difference(wanted, found);
        if (difference != null) {
            throw new LimbeckException(
                    place + " was made otherwise: " + difference + "; choose another --out, or remove that folder");
        }
        RunDirectory.clearComplete(place);
        context.log().accept(name + ": done before");
        return old;
    }

    private static ObjectNode facts(ObjectNode recipe, String data, String teacher) {
        return recipe.deepCopy().put("content of the data", data).put("content of the teacher", teacher);
    }

    /** Hold a folder for one program, and the folders that were made for it. */
    record Claim(FolderLock lock, List<Path> made) implements AutoCloseable {
        /** Let others in; a folder that was made and is empty goes. */
        @Override
        public void close() {
            lock.close();
            made.forEach(Leftovers::deleteEmpty);
        }
    }

    /**
     * Claim a folder before anything is opened or computed.
     *
     * @throws LimbeckException if nothing can be written there, or another program is writing there
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
