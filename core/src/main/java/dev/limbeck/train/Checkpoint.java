package dev.limbeck.train;

import dev.limbeck.ExitGate;
import dev.limbeck.LimbeckException;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;

/**
 * Write a checkpoint after every epoch: model weights, optimizer state, callback states and the position in the
 * training. {@link Learner#resume} continues from it. The file can also be opened as a model, with the weights of the
 * last finished epoch. The previous checkpoint stays beside it, and is replaced by a complete one only; there must be room for three.
 */
public final class Checkpoint implements Callback {
    private final Path file;
    private final Map<String, String> facts;
    private boolean written;

    /** Write to a safetensors file, which is replaced after each epoch. */
    public Checkpoint(Path file) {
        this(file, Map.of());
    }

    /** Also store facts by name. They identify the training when it is resumed. */
    public Checkpoint(Path file, Map<String, String> facts) {
        this.file = file;
        this.facts = Map.copyOf(facts);
    }

    /** Return the path of the previous checkpoint. */
    public static Path previous(Path file) {
        return file.resolveSibling(file.getFileName() + ".previous");
    }

    /**
     * Check that a file is a complete checkpoint.
     *
     * @throws LimbeckException if it is not, with the reason
     */
    public static void check(Path file) {
        TrainingState.read(file).close();
    }

    /** Read the facts stored in a checkpoint. */
    public static Map<String, String> facts(Path file) {
        return TrainingState.facts(Safetensors.readMetadata(file));
    }

    /**
     * Return the epoch after which a checkpoint was written, as the epoch table numbers it, such as {@code epoch 2}.
     */
    public static String epoch(Path file) {
        return TrainingState.epoch(Safetensors.readMetadata(file));
    }

    /** Run last, to store what the other callbacks changed in this epoch. */
    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public boolean inDryRuns() {
        return false;
    }

    @Override
    public void beforeFit(TrainingContext fit) {
        written = false;
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        if (!fit.exchange().writes()) return;
        // Process exit waits for this block: an exit between the two moves would leave the previous checkpoint alone.
        try (ExitGate inside = ExitGate.enter();
                StateDict state = fit.snapshot(facts)) {
            if (isWhole()) {
                Path next = file.resolveSibling(file.getFileName() + ".next");
                Safetensors.write(state, next);
                Files.move(file, previous(file), StandardCopyOption.REPLACE_EXISTING);
                Files.move(next, file);
            } else {
                Safetensors.write(state, file);
            }
            written = true;
        } catch (IOException e) {
            throw new LimbeckException("cannot write the checkpoint " + file + ": " + e.getMessage(), e);
        }
    }

    /** Return whether there is a checkpoint that is worth keeping. Of this fit's own, only its presence is checked. */
    private boolean isWhole() {
        if (!Files.isRegularFile(file)) return false;
        if (written) return true;
        try {
            check(file);
            return true;
        } catch (LimbeckException e) {
            return false;
        }
    }
}
