package dev.limbeck.run;

import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.FolderLock;
import dev.limbeck.io.Leftovers;
import dev.limbeck.model.SavedModel;
import dev.limbeck.train.Checkpoint;
import dev.limbeck.train.Learner;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.io.FileUtils;

/**
 * Collect what a run leaves: {@code model.safetensors} and {@code run.json}. Until everything is written the run lives
 * in a folder of its own beside the target, so that a failure leaves nothing half-written and an older run stays whole.
 */
public final class RunDirectory implements AutoCloseable {
    /** The name of the record in a run directory. */
    public static final String RECORD_NAME = "run.json";

    /** The name of the table with a row an epoch. */
    public static final String LOG_NAME = "epochs.csv";

    /** The name of the file that predictions are kept in. */
    public static final String PREDICTIONS_NAME = "predictions.safetensors";

    private static final String OLD = ".old";
    private static final String CHECKPOINT_NAME = "checkpoint.safetensors";
    private static final String PREVIOUS_NAME =
            Checkpoint.previous(Path.of(CHECKPOINT_NAME)).toString();
    private static final Set<String> WRITTEN =
            Set.of(RECORD_NAME, SavedModel.FILE_NAME, CHECKPOINT_NAME, PREVIOUS_NAME, LOG_NAME, PREDICTIONS_NAME);

    private final Path target;
    private final Path unfinished;
    private final boolean overwrite;
    private final List<Path> madeParents;
    private final FolderLock lock;
    private boolean finished;

    private RunDirectory(Path target, Path unfinished, boolean overwrite, List<Path> madeParents, FolderLock lock) {
        this.target = target;
        this.unfinished = unfinished;
        this.overwrite = overwrite;
        this.madeParents = madeParents;
        this.lock = lock;
    }

    /**
     * Check that a place is free, or holds a run that may be replaced; changes nothing.
     *
     * @param overwrite whether an existing run may be replaced
     * @throws LimbeckException if the place is taken, or another program is writing there
     */
    public static void check(Path target, boolean overwrite) {
        Path whole = target.toAbsolutePath().normalize();
        if (whole.getFileName() == null)
            throw new LimbeckException(target + " is not a place for a run; choose a folder");
        FolderLock.check(FolderLock.beside(whole), target);
        requireFree(target, whole, overwrite);
    }

    private static void requireFree(Path target, Path whole, boolean overwrite) {
        Path unfinished = unfinished(whole);
        if (!overwrite) {
            if (Files.exists(whole))
                throw new LimbeckException(target + " exists; choose another --out, or --overwrite");
            if (holdsCheckpoint(unfinished)) {
                throw new LimbeckException(unfinished
                        + " exists, left by an interrupted run; go on with --resume, or --overwrite to discard it");
            }
            if (Files.exists(unfinished)) {
                throw new LimbeckException(unfinished
                        + " exists, left by a run that was killed in its first epoch; --overwrite discards it");
            }
        } else if (Files.exists(whole) && !holdsRun(whole)) {
            // Otherwise a slip such as --out . would replace a folder of something else.
            throw new LimbeckException(target
                    + " holds other things than a run, so it is not overwritten; choose another --out, or remove it");
        }
    }

    /**
     * Claim a place before the long work starts.
     *
     * @param overwrite whether an existing run may be replaced, once the new one is complete
     * @throws LimbeckException if the place is taken or cannot be written
     */
    public static RunDirectory create(Path target, boolean overwrite) {
        check(target, overwrite);
        Path whole = target.toAbsolutePath().normalize();
        Path unfinished = unfinished(whole);
        List<Path> missing = new ArrayList<>();
        for (Path parent = whole.getParent(); parent != null && !Files.exists(parent); parent = parent.getParent()) {
            missing.add(parent);
        }
        FolderLock lock;
        try {
            Files.createDirectories(whole.getParent());
            lock = FolderLock.take(FolderLock.beside(whole), target);
        } catch (IOException e) {
            throw notCreated(target, whole, e);
        }
        try {
            bringBack(whole);
            requireFree(target, whole, overwrite);
            FileUtils.deleteDirectory(unfinished.toFile());
            Files.createDirectories(unfinished);
            return new RunDirectory(whole, unfinished, overwrite, missing, lock);
        } catch (IOException e) {
            lock.close();
            throw notCreated(target, whole, e);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static LimbeckException notCreated(Path target, Path whole, IOException e) {
        return new LimbeckException(
                "cannot create the run directory " + target + " (" + reason(whole, e) + "); choose another --out", e);
    }

    /** Mend what a kill in the middle of {@link #replace} leaves: the old run comes back, or goes if the new one is there. */
    private static void bringBack(Path whole) throws IOException {
        for (Path old : Leftovers.hidden(whole, OLD)) {
            if (!Files.exists(whole)) Files.move(old, whole);
            else FileUtils.deleteDirectory(old.toFile());
        }
    }

    /**
     * Find the checkpoints that an interrupted run has left, the latest first.
     *
     * @throws LimbeckException if there is none, or another program is writing there
     */
    public static List<Path> checkpoints(Path target) {
        Path whole = target.toAbsolutePath().normalize();
        FolderLock.check(FolderLock.beside(whole), target);
        return checkpoints(target, whole);
    }

    /**
     * Find the checkpoints that an interrupted run has left, the latest first, if one was interrupted.
     *
     * @throws LimbeckException if another program is writing there
     */
    public static List<Path> checkpointsLeft(Path target) {
        Path whole = target.toAbsolutePath().normalize();
        FolderLock.check(FolderLock.beside(whole), target);
        return checkpointsIn(unfinished(whole));
    }

    private static List<Path> checkpoints(Path target, Path whole) {
        List<Path> found = checkpointsIn(unfinished(whole));
        if (!found.isEmpty()) return found;
        if (Files.exists(unfinished(whole))) {
            throw new LimbeckException("nothing to resume: the run at " + target
                    + " has not finished its first epoch; begin anew with --overwrite");
        }
        clearComplete(whole);
        String instead = Files.exists(whole.resolve(RECORD_NAME))
                ? target + " is complete"
                : "no run was interrupted at " + target;
        throw new LimbeckException("nothing to resume: " + instead + "; leave out --resume to begin one");
    }

    /** Remove the checkpoints that a complete run no longer needs, where it was killed between its last steps. */
    public static void clearComplete(Path target) {
        if (!Files.exists(target.resolve(RECORD_NAME))) return;
        try {
            Files.deleteIfExists(target.resolve(CHECKPOINT_NAME));
            Files.deleteIfExists(target.resolve(PREVIOUS_NAME));
        } catch (IOException e) {
            throw new LimbeckException("cannot clear " + target + " (" + reason(target, e) + ")", e);
        }
    }

    private static List<Path> checkpointsIn(Path unfinished) {
        Path last = unfinished.resolve(CHECKPOINT_NAME);
        return Stream.of(last, Checkpoint.previous(last))
                .filter(Files::isRegularFile)
                .toList();
    }

    private static boolean holdsCheckpoint(Path unfinished) {
        return !checkpointsIn(unfinished).isEmpty();
    }

    /** Claim the place of an interrupted run again, to go on from one of its checkpoints. */
    public static RunDirectory reopen(Path target, boolean overwrite) {
        Path whole = target.toAbsolutePath().normalize();
        checkpoints(target);
        FolderLock lock = FolderLock.take(FolderLock.beside(whole), target);
        try {
            return reopen(target, whole, overwrite, lock);
        } catch (IOException e) {
            lock.close();
            throw new LimbeckException("cannot resume " + target + " (" + reason(whole, e) + ")", e);
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private static RunDirectory reopen(Path target, Path whole, boolean overwrite, FolderLock lock) throws IOException {
        bringBack(whole);
        checkpoints(target, whole);
        if (!overwrite && Files.exists(whole)) {
            throw new LimbeckException(
                    target + " exists; add --overwrite to replace it when the resumed run is complete");
        }
        Path unfinished = unfinished(whole);
        try (Stream<Path> content = Files.list(unfinished)) {
            // A kill in the middle of writing leaves a file under its temporary name.
            for (Path file : content.toList()) {
                if (!WRITTEN.contains(file.getFileName().toString())) FileUtils.forceDelete(file.toFile());
            }
        }
        return new RunDirectory(whole, unfinished, overwrite, List.of(), lock);
    }

    private static Path unfinished(Path whole) {
        return whole.resolveSibling(whole.getFileName() + ".unfinished");
    }

    /** Return whether a path is a folder with nothing in it but what a run writes. */
    private static boolean holdsRun(Path path) {
        if (!Files.isDirectory(path)) return false;
        try (Stream<Path> content = Files.list(path)) {
            return content.allMatch(
                    file -> WRITTEN.contains(file.getFileName().toString()) && Files.isRegularFile(file));
        } catch (IOException e) {
            return false;
        }
    }

    /** Return where checkpoints of the running training are written. */
    public Path checkpoint() {
        return unfinished.resolve(CHECKPOINT_NAME);
    }

    /** Return where something else that the run leaves is written until it is complete. */
    public Path file(String name) {
        if (!WRITTEN.contains(name)) throw new IllegalArgumentException("a run has no file " + name);
        return unfinished.resolve(name);
    }

    /** Write the model and the record, put the run into its place, and return the record with its hash. */
    public RunRecord finish(Learner learner, RunRecord unhashed) {
        RunRecord runRecord = unhashed.withRepeatSha256();
        try (ExitGate inside = ExitGate.enter()) {
            learner.save(unfinished.resolve(SavedModel.FILE_NAME));
            AtomicFile.write(unfinished.resolve(RECORD_NAME), RunJson.sealed(runRecord));
        }
        publish();
        return runRecord;
    }

    private void publish() {
        // From here on the trained model is kept, even if the run cannot be moved to its place.
        finished = true;
        try {
            replace();
            clearComplete(target);
        } catch (IOException e) {
            throw new LimbeckException(
                    "cannot move the run to " + target + " (" + reason(target, e) + "); it is kept in " + unfinished,
                    e);
        }
    }

    /** Put the new run where the old one is; the old one comes back if that fails. */
    private void replace() throws IOException {
        if (!Files.exists(target)) {
            Files.move(unfinished, target);
            return;
        }
        if (!overwrite || !holdsRun(target)) throw new IOException("something else has appeared there meanwhile");
        Path old = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + OLD);
        Files.move(target, old);
        try {
            Files.move(unfinished, target);
        } catch (IOException e) {
            Files.move(old, target);
            throw e;
        }
        FileUtils.deleteDirectory(old.toFile());
    }

    /** Return whether a checkpoint is all that is left of this run. */
    public boolean leavesCheckpoint() {
        return !finished && holdsCheckpoint(unfinished);
    }

    /** Return which epoch's checkpoint is left, such as {@code epoch 2}. */
    public String keptEpoch() {
        for (Path checkpoint : checkpointsIn(unfinished)) {
            try {
                return Checkpoint.epoch(checkpoint);
            } catch (LimbeckException e) {
                continue; // damaged, so that a resumed run takes the one before it
            }
        }
        return "its last epoch";
    }

    /** Remove what an unfinished run has written, unless it is a checkpoint, and let others write there. */
    @Override
    public void close() {
        boolean keeps = finished || leavesCheckpoint();
        try {
            if (!keeps) FileUtils.deleteDirectory(unfinished.toFile());
            lock.close();
            for (Path parent : keeps ? List.<Path>of() : madeParents) {
                if (!isEmpty(parent)) break;
                Files.delete(parent);
            }
        } catch (IOException e) {
            throw new LimbeckException("cannot remove " + unfinished + " (" + reason(unfinished, e) + ")", e);
        } finally {
            lock.close();
        }
    }

    private static boolean isEmpty(Path folder) throws IOException {
        try (Stream<Path> content = Files.list(folder)) {
            return content.findAny().isEmpty();
        }
    }

    /** Say in plain words why a folder cannot be written. */
    private static String reason(Path place, IOException e) {
        for (Path parent = place.getParent(); parent != null; parent = parent.getParent()) {
            if (!Files.exists(parent)) continue;
            if (!Files.isDirectory(parent)) return parent + " is a file, expected a folder";
            if (!Files.isWritable(parent)) return "this user may not write " + parent;
            break;
        }
        String message = Printable.line(String.valueOf(e.getMessage()));
        if (message.toLowerCase(Locale.ROOT).contains("no space left")) return "no space left on the disk";
        if (e instanceof AccessDeniedException) return "this user may not write " + message;
        return message;
    }
}
