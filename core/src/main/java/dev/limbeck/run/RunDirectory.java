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
import dev.limbeck.train.TrackerNotes;
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
 * Write a run directory: {@code model.safetensors} and {@code run.json}. Files are first written to a temporary folder
 * beside the target. A failure leaves nothing half-written, and an existing run stays intact.
 */
public final class RunDirectory implements AutoCloseable {
    /** File name of the run record. */
    public static final String RECORD_NAME = "run.json";

    /** File name of the table with one row per epoch. */
    public static final String LOG_NAME = "epochs.csv";

    /** File name of the predictions. */
    public static final String PREDICTIONS_NAME = "predictions.safetensors";

    /** File name of the page about the run, which {@code limbeck report} writes. */
    public static final String REPORT_NAME = "report.html";

    /** Names of the weights of further students. */
    private static final String ALSO = "also-";

    private static final String OLD = ".old";
    private static final String CHECKPOINT_NAME = "checkpoint.safetensors";
    private static final String PREVIOUS_NAME =
            Checkpoint.previous(Path.of(CHECKPOINT_NAME)).toString();
    private static final Set<String> WRITTEN = Set.of(
            RECORD_NAME,
            SavedModel.FILE_NAME,
            CHECKPOINT_NAME,
            PREVIOUS_NAME,
            LOG_NAME,
            PREDICTIONS_NAME,
            TrackerNotes.NAME,
            REPORT_NAME);

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
     * Check that a path is free or holds a run that may be replaced. Nothing is changed.
     *
     * @param overwrite whether an existing run may be replaced
     * @throws LimbeckException if the path is in use, or another process writes there
     */
    public static void check(Path target, boolean overwrite) {
        Path whole = target.toAbsolutePath().normalize();
        if (whole.getFileName() == null)
            throw new LimbeckException(target + " cannot be a run directory; choose a folder");
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
                        + " exists, left by an interrupted run; continue with --resume, or --overwrite to discard it");
            }
            if (Files.exists(unfinished)) {
                throw new LimbeckException(unfinished
                        + " exists, left by a run that was killed in its first epoch; --overwrite discards it");
            }
        } else if (Files.exists(whole) && !holdsRun(whole)) {
            // Otherwise a typo such as --out . would replace another folder.
            throw new LimbeckException(
                    target
                            + " contains files that are not of a run, so it is not overwritten; choose another --out, or remove it");
        }
    }

    /**
     * Claim a path before training starts.
     *
     * @param overwrite whether to replace an existing run, once the new one is complete
     * @throws LimbeckException if the path is in use or not writable
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

    /**
     * Repair a folder after a kill during {@link #replace}: restore the old run, or remove it if the new one is
     * complete.
     */
    private static void bringBack(Path whole) throws IOException {
        for (Path old : Leftovers.hidden(whole, OLD)) {
            if (!Files.exists(whole)) Files.move(old, whole);
            else FileUtils.deleteDirectory(old.toFile());
        }
    }

    /**
     * Return the checkpoints of an interrupted run, latest first.
     *
     * @throws LimbeckException if there are none, or another process writes there
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
                    + " has not finished its first epoch; start again with --overwrite");
        }
        clearComplete(whole);
        String instead = Files.exists(whole.resolve(RECORD_NAME))
                ? target + " is complete"
                : "no run was interrupted at " + target;
        throw new LimbeckException("nothing to resume: " + instead + "; leave out --resume to start one");
    }

    /** Remove checkpoints that a complete run left because it was killed in its last steps. */
    public static void clearComplete(Path target) {
        if (!Files.exists(target.resolve(RECORD_NAME))) return;
        try {
            Files.deleteIfExists(target.resolve(CHECKPOINT_NAME));
            Files.deleteIfExists(target.resolve(PREVIOUS_NAME));
        } catch (IOException e) {
            throw new LimbeckException("cannot clear " + target + " (" + reason(target, e) + ")", e);
        }
    }

    /** Return the checkpoints in the folder of a run that is not complete, the latest first. */
    public static List<Path> checkpointsIn(Path unfinished) {
        Path last = unfinished.resolve(CHECKPOINT_NAME);
        return Stream.of(last, Checkpoint.previous(last))
                .filter(Files::isRegularFile)
                .toList();
    }

    private static boolean holdsCheckpoint(Path unfinished) {
        return !checkpointsIn(unfinished).isEmpty();
    }

    /** Claim the path of an interrupted run, to resume it from a checkpoint. */
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
            // A kill during a write leaves a file with a temporary name.
            for (Path file : content.toList()) {
                if (!WRITTEN.contains(file.getFileName().toString())) FileUtils.forceDelete(file.toFile());
            }
        }
        return new RunDirectory(whole, unfinished, overwrite, List.of(), lock);
    }

    /** Return the folder of a run until it is complete. */
    public static Path unfinished(Path target) {
        Path whole = target.toAbsolutePath().normalize();
        return whole.resolveSibling(whole.getFileName() + ".unfinished");
    }

    /** Return whether a path is a folder that contains only files of a run. */
    private static boolean holdsRun(Path path) {
        if (!Files.isDirectory(path)) return false;
        try (Stream<Path> content = Files.list(path)) {
            return content.allMatch(file -> isWritten(file.getFileName().toString()) && Files.isRegularFile(file));
        } catch (IOException e) {
            return false;
        }
    }

    /** Return the path of the training's checkpoint. */
    public Path checkpoint() {
        return unfinished.resolve(CHECKPOINT_NAME);
    }

    /** Return the temporary path of another file of the run. */
    public Path file(String name) {
        if (!WRITTEN.contains(name)) throw new IllegalArgumentException("a run has no file " + name);
        return unfinished.resolve(name);
    }

    /** Return the temporary path of the weights of a further student, by its architecture. */
    public Path alsoFile(String architecture) {
        return unfinished.resolve(ALSO + architecture + ".safetensors");
    }

    private static boolean isWritten(String name) {
        return WRITTEN.contains(name) || name.startsWith(ALSO) && name.endsWith(".safetensors");
    }

    /** Write the model and the record, and move the run to its path. Return the record with its hash. */
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
        // From here the trained model is kept, even if the move fails.
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

    /** Replace the old run with the new one. If that fails, the old run is restored. */
    private void replace() throws IOException {
        if (!Files.exists(target)) {
            Files.move(unfinished, target);
            return;
        }
        if (!overwrite || !holdsRun(target)) throw new IOException("something else has appeared there in the meantime");
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

    /** Return whether only a checkpoint remains of this run. */
    public boolean leavesCheckpoint() {
        return !finished && holdsCheckpoint(unfinished);
    }

    /** Return the epoch of the remaining checkpoint, such as {@code epoch 2}. */
    public String keptEpoch() {
        for (Path checkpoint : checkpointsIn(unfinished)) {
            try {
                return Checkpoint.epoch(checkpoint);
            } catch (LimbeckException e) {
                continue; // damaged; a resume uses the previous checkpoint
            }
        }
        return "its last epoch";
    }

    /** Remove the files of an unfinished run, except checkpoints, and release the lock. */
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

    /** Explain why a folder is not writable. */
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
