package dev.limbeck.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Hold which weights of another network a network started from: a larger one's, see {@link WeightSelection}, or all of a trained one's, see
 * {@link TrainedWeights}. Counts of batches in batch norms and ranges of quantization-aware training are not counted as tensors.
 *
 * @param file file of the weights
 * @param architecture name of the other network
 * @param sha256 SHA-256, in hex: of a larger network's weights and buffers, of a trained one's file
 * @param copied number of tensors that were copied as they are, apart from the order of the classes
 * @param sliced number of tensors of which channels were chosen
 * @param initialized number of tensors that keep their random initial values
 * @param heads for each classifier that keeps its initial values, by path, the reason
 * @param blocks for each list of blocks that is shorter than the larger network's, by path, which of its blocks start those of the network
 */
public record StartingWeights(
        String file,
        String architecture,
        String sha256,
        int copied,
        int sliced,
        int initialized,
        Map<String, String> heads,
        Map<String, List<Integer>> blocks) {
    /** Missing keys of a record are read as empty. */
    public StartingWeights {
        heads = heads == null ? Map.of() : heads;
        blocks = blocks == null ? Map.of() : blocks;
    }

    /** Return the plan in one line, or two if blocks were left out. */
    public List<String> lines() {
        List<String> counts = new ArrayList<>();
        counts.add(copied + " of " + (copied + sliced + initialized) + " tensors copied");
        if (sliced > 0) counts.add(sliced + " sliced");
        if (initialized > 0) {
            counts.add(initialized + " initialized: "
                    + heads.entrySet().stream()
                            .map(head -> head.getKey() + " (" + head.getValue() + ")")
                            .collect(Collectors.joining(", ")));
        }
        List<String> lines = new ArrayList<>();
        lines.add("starts from " + architecture + " (" + file + "): " + String.join(", ", counts));
        if (!blocks.isEmpty()) {
            lines.add("blocks of " + architecture + " that start the student's: "
                    + blocks.entrySet().stream()
                            .map(list -> list.getKey() + " from " + KeptLayers.words(list.getValue()))
                            .collect(Collectors.joining("; ")));
        }
        return lines;
    }
}
