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
 * Write after every epoch what an interrupted training needs to go on as if nothing had happened: {@link Learner#resume}.
 * The file is a model too, the one of the last finished epoch. The checkpoint before it is kept beside it.
 */
public final class Checkpoint implements Callback {
    private final Path file;
    private final Map<String, String> facts;

    /** Write to a safetensors file, which is replaced each time. */
    public Checkpoint(Path file) {
        this(file, Map.of());
    }

    /** Write facts by name beside, which tell whether it is the same training that wants to go on. */
    public Checkpoint(Path file, Map<String, String> facts) {
        this.file = file;
        this.facts = Map.copyOf(facts);
    }

    /** Return where the checkpoint before the last one is kept. */
    public static Path previous(Path file) {
        return file.resolveSibling(file.getFileName() + ".previous");
    }

    /**
     * Check that a file is whole and a checkpoint.
     *
     * @throws LimbeckException if it is not: what is wrong
     */
    public static void check(Path file) {
        TrainingState.read(file).close();
    }

    /** Read the facts that were written beside a checkpoint. */
    public static Map<String, String> facts(Path file) {
        return TrainingState.facts(Safetensors.readMetadata(file));
    }

    /** Return which epoch a checkpoint was written after, as the table of epochs numbers them, such as {@code epoch 2}. */
    public static String epoch(Path file) {
        return TrainingState.epoch(Safetensors.readMetadata(file));
    }

    /** Last, so that it holds what the others made of the epoch. */
    @Override
    public int order() {
        return Integer.MAX_VALUE;
    }

    @Override
    public void afterEpoch(TrainingContext fit) {
        // Inside, so that the end of the process waits: else it could fall between the two.
        try (ExitGate inside = ExitGate.enter();
                StateDict state = fit.snapshot(facts)) {
            if (Files.isRegularFile(file)) Files.move(file, previous(file), StandardCopyOption.REPLACE_EXISTING);
            Safetensors.write(state, file);
        } catch (IOException e) {
            throw new LimbeckException("cannot keep the checkpoint " + file + ": " + e.getMessage(), e);
        }
    }
}
