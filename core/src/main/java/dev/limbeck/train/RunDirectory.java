package dev.limbeck.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Collect what a run leaves: {@code model.safetensors} and {@code run.json}. Until everything is written the run lives
 * in a folder of its own beside the target, so that a failure leaves nothing half-written and an older run stays whole.
 */
public final class RunDirectory implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private final Path target;
    private final Path unfinished;
    private boolean finished;

    private RunDirectory(Path target, Path unfinished) {
        this.target = target;
        this.unfinished = unfinished;
    }

    /**
     * Claim a place before the long work starts.
     *
     * @param overwrite whether an existing run may be replaced, once the new one is complete
     * @throws LimbeckException if the place is taken or cannot be written
     */
    public static RunDirectory create(Path target, boolean overwrite) {
        Path whole = target.toAbsolutePath().normalize();
        Path unfinished = whole.resolveSibling(whole.getFileName() + ".unfinished");
        for (Path taken : new Path[] {whole, unfinished}) {
            if (Files.exists(taken) && !overwrite) {
                throw new LimbeckException(
                        (taken.equals(whole) ? target : unfinished) + " exists; choose another --out, or --overwrite");
            }
        }
        try {
            delete(unfinished);
            Files.createDirectories(unfinished);
        } catch (IOException e) {
            throw new LimbeckException("cannot create " + unfinished + ": " + reason(e), e);
        }
        return new RunDirectory(whole, unfinished);
    }

    /** Return where checkpoints of the running training are written. */
    public Path checkpoint() {
        return unfinished.resolve("checkpoint.safetensors");
    }

    /** Write the model and the record, and put the run into its place. */
    public void finish(Learner learner, Map<String, Object> runRecord) {
        learner.save(unfinished.resolve(SavedModel.FILE_NAME));
        try {
            JSON.writeValue(unfinished.resolve("run.json").toFile(), runRecord);
            Files.deleteIfExists(checkpoint());
            Path old = target.resolveSibling(target.getFileName() + ".old");
            delete(old);
            if (Files.exists(target)) Files.move(target, old);
            Files.move(unfinished, target);
            delete(old);
        } catch (IOException e) {
            throw new LimbeckException("cannot write the run to " + target + ": " + reason(e), e);
        }
        finished = true;
    }

    /** Return whether a checkpoint is all that is left of this run. */
    public boolean leavesCheckpoint() {
        return !finished && Files.exists(checkpoint());
    }

    /** Remove what an unfinished run has written, unless it is a checkpoint. */
    @Override
    public void close() {
        if (finished || leavesCheckpoint()) return;
        try {
            delete(unfinished);
        } catch (IOException e) {
            throw new LimbeckException("cannot remove " + unfinished + ": " + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        return e.getClass().getSimpleName() + " " + e.getMessage();
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) return;
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) Files.delete(path);
        }
    }
}
