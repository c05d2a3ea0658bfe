package dev.limbeck.fit;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.limbeck.LimbeckException;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.run.RunJson;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Hold costs that were measured on one machine, perhaps another than the one that trains.
 *
 * @param machine where they were measured, in words
 * @param threads of ONNX Runtime; 0 for its default
 * @param inputs of the networks, in words
 * @param outputs number of outputs of the networks
 */
public record Costs(String machine, int threads, List<String> inputs, int outputs, List<Cost> costs) {
    /** File name in a fit's folder. */
    public static final String NAME = "costs.json";

    /**
     * Read a file that {@link #write} wrote.
     *
     * @throws LimbeckException if it is missing or damaged
     */
    public static Costs read(Path file) {
        try {
            Costs read = RunJson.read(RunJson.read(file), Costs.class);
            if (read.inputs != null && read.costs != null) return read;
        } catch (JsonProcessingException e) {
            throw new LimbeckException(file + " holds no costs; measure them again (limbeck fit --measure)", e);
        }
        throw new LimbeckException(file + " holds no costs; measure them again (limbeck fit --measure)");
    }

    /** Write these costs to a file. */
    public void write(Path file) {
        AtomicFile.write(file, RunJson.sealed(this));
    }

    /** Return the cost of a network, if it was measured. */
    Optional<Cost> of(String student) {
        return costs.stream().filter(cost -> cost.student().equals(student)).findFirst();
    }
}
