package dev.limbeck.prune;

import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Architecture;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Hold a pruned network, which it owns: an ordinary, smaller one.
 *
 * @param architecture of the smaller network; its name has the widths
 * @param before what the network cost before
 * @param after what it costs now
 * @param layers the groups of channels, in the order of the layers
 */
public record Pruned(Module network, Architecture architecture, Cost before, Cost after, List<Layer> layers)
        implements AutoCloseable {
    /**
     * Describe a group of channels.
     *
     * @param name path of the convolution that makes them
     * @param before number of channels before
     * @param after number of channels now
     */
    public record Layer(String name, long before, long after) {}

    /**
     * Write the network as a model file: weights, architecture, and the task and preprocessing of the model that was pruned.
     *
     * @param file a {@code .safetensors} file, replaced if it exists
     */
    public void save(Path file, SavedModel of) {
        try (StateDict state = network.stateDict()) {
            state.metadata().putAll(SavedModel.metadata(architecture.name(), of.task(), of.preprocessing()));
            Safetensors.write(state, file);
        }
    }

    /** Describe the costs in one line. */
    public String summary() {
        return String.format(
                Locale.ROOT,
                "%s: %,d of %,d MACs (%.1f %%), %,d of %,d parameters (%.1f %%)",
                architecture,
                after.macs(),
                before.macs(),
                100.0 * after.macs() / before.macs(),
                after.parameters(),
                before.parameters(),
                100.0 * after.parameters() / before.parameters());
    }

    @Override
    public void close() {
        network.close();
    }
}
