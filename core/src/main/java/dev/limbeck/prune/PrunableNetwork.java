package dev.limbeck.prune;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.nn.Summary;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * Know which channels of a network can be removed and what every choice of widths costs, and make the smaller network. The cost is
 * computed from shapes, so a search over widths creates no networks. The caller keeps the network open.
 */
public final class PrunableNetwork {
    /**
     * Describe where a tensor holds the channels of a group: a dimension of {@code copies·width·inner} values.
     *
     * @param copies how often all the channels stand one after another
     * @param inner values of each channel that stand together
     */
    private record Cut(int group, int dimension, int copies, long inner) {}

    private final Module network;
    private final Architecture architecture;
    private final List<ChannelGroup> groups;
    private final Map<String, List<Cut>> cuts = new HashMap<>();
    private final Summary summary;
    private final Map<String, Tensor> weights;
    private final UnaryOperator<Task> taskFor;

    private PrunableNetwork(
            Module network, Architecture architecture, List<InputSpec> inputs, UnaryOperator<Task> taskFor) {
        this.network = network;
        this.taskFor = taskFor;
        this.architecture = architecture;
        groups = ChannelGroup.in(network);
        List<Long> widths = architecture.widths();
        // Throws if it cannot be pruned.
        architecture.withWidths(widths);
        for (int i = 0; i < groups.size() && i < widths.size(); i++) {
            for (ChannelGroup.Part part : groups.get(i).producers()) cut(i, part, 0, widths.get(i));
            for (ChannelGroup.Part part : groups.get(i).consumers()) cut(i, part, 1, widths.get(i));
        }
        if (groups.size() != widths.size()) {
            throw new LimbeckException(architecture + " describes the widths of " + widths.size()
                    + " groups of channels, its network names " + groups.size()
                    + "; channelGroups() must name as many");
        }
        summary = Summary.of(network, inputs);
        weights = network.parameters();
    }

    /**
     * Examine a network.
     *
     * @param architecture of the network, which makes the smaller ones
     * @param inputs of the network, on which MACs depend
     * @throws LimbeckException if the architecture cannot be pruned, or its description of channels does not fit the network
     */
    public static PrunableNetwork of(Module network, Architecture architecture, List<InputSpec> inputs) {
        return new PrunableNetwork(network, architecture, inputs, UnaryOperator.identity());
    }

    /** Examine a saved model of the zoo. */
    public static PrunableNetwork of(SavedModel model, List<InputSpec> inputs) {
        return new PrunableNetwork(model.module(), Zoo.byName(model.architecture()), inputs, model::taskFor);
    }

    private void cut(int group, ChannelGroup.Part part, int dimension, long width) {
        Module module = network.module(part.path());
        boolean found = false;
        for (Map<String, Tensor> own : List.of(module.ownParameters(), module.ownBuffers())) {
            for (Map.Entry<String, Tensor> entry : own.entrySet()) {
                Tensor tensor = entry.getValue();
                // Ranges of quantization are of all channels together.
                if (tensor.dim() <= dimension || FakeQuantization.isRange(entry.getKey())) continue;
                found = true;
                long size = tensor.size(dimension);
                long inner = size / (part.copies() * width);
                boolean fits = inner * part.copies() * width == size && (dimension == 1 || inner == 1);
                if (!fits) {
                    throw new LimbeckException(part.path() + " has " + size + " channels, but its group "
                            + groups.get(group).name() + " says " + part.copies() * width
                            + "; correct channelGroups() or the widths");
                }
                cuts.computeIfAbsent(part.path() + "." + entry.getKey(), name -> new ArrayList<>())
                        .add(new Cut(group, dimension, part.copies(), inner));
            }
        }
        if (!found) {
            throw new LimbeckException(part.path() + " has no channels, but the group "
                    + groups.get(group).name() + " names it; correct channelGroups()");
        }
    }

    Module network() {
        return network;
    }

    /** Return the task that the outputs are for, given that of some rows: numbers may be on another scale. */
    Task taskFor(Task rows) {
        return taskFor.apply(rows);
    }

    /** Return the architecture. */
    public Architecture architecture() {
        return architecture;
    }

    /** Return the groups of channels that can be cut, in the order of the layers, with paths from the network. */
    public List<ChannelGroup> groups() {
        return groups;
    }

    /** Return the number of channels of each group. */
    public List<Long> widths() {
        return architecture.widths();
    }

    /** Return what the network costs. */
    public Cost cost() {
        return cost(widths());
    }

    /**
     * Compute what the network with other widths costs, without making it.
     *
     * @param others channels of each group, at least 1
     */
    public Cost cost(List<Long> others) {
        long parameters = 0;
        for (Map.Entry<String, Tensor> entry : weights.entrySet()) {
            parameters += count(entry.getKey(), entry.getValue(), others);
        }
        long macs = 0;
        for (Summary.Row row : summary.rows()) {
            if (row.macs() == 0) continue;
            String name = row.path().isEmpty() ? "weight" : row.path() + ".weight";
            Tensor weight = weights.get(name);
            // Layers without a weight of this name, such as LSTMs, are not cut.
            macs += weight == null ? row.macs() : row.macs() / weight.numel() * count(name, weight, others);
        }
        return new Cost(macs, parameters);
    }

    /** Return the number of values that a tensor has with other widths. */
    private long count(String name, Tensor tensor, List<Long> others) {
        long[] shape = tensor.shape();
        for (Cut cut : cuts.getOrDefault(name, List.of())) {
            shape[cut.dimension] = cut.copies * cut.inner * others.get(cut.group);
        }
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    /**
     * Make the smaller network, with copies of the weights that stay. Its mode is this network's.
     *
     * @param kept for each group the channels that stay, ascending from 0, at least one
     * @throws LimbeckException if a group keeps none, or channels that it does not have
     */
    public Pruned keep(List<int[]> kept) {
        List<Long> widths = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            int[] stay = i < kept.size() ? kept.get(i) : new int[0];
            boolean ascends = stay.length > 0 && stay[0] >= 0 && stay[stay.length - 1] < widths().get(i);
            for (int c = 1; ascends && c < stay.length; c++) ascends = stay[c - 1] < stay[c];
            if (!ascends) {
                throw new LimbeckException(groups.get(i).name() + " must keep at least one of its " + widths().get(i)
                        + " channels, in ascending order, found " + Arrays.toString(stay));
            }
            widths.add((long) stay.length);
        }
        Architecture smaller = architecture.withWidths(widths);
        long[] output = summary.rows().get(0).output();
        Module made = smaller.create(Math.toIntExact(output[output.length - 1]));
        try (Scope scope = Scope.open();
                StateDict state = network.stateDict()) {
            for (Map.Entry<String, List<Cut>> entry : cuts.entrySet()) {
                Tensor tensor = state.get(entry.getKey());
                for (Cut cut : entry.getValue()) {
                    long[] index = index(cut, widths().get(cut.group), kept.get(cut.group));
                    tensor = Ops.indexSelect(
                            tensor, cut.dimension, Tensors.to(Tensors.of(index, index.length), tensor.device()));
                }
                state.put(entry.getKey(), Scope.retain(tensor));
            }
            made.load(state);
            if (!network.isTraining()) made.eval();
        } catch (RuntimeException e) {
            made.close();
            throw e;
        }
        List<Pruned.Layer> layers = IntStream.range(0, groups.size())
                .mapToObj(i -> new Pruned.Layer(groups.get(i).name(), widths().get(i), widths.get(i)))
                .toList();
        return new Pruned(made, smaller, cost(), cost(widths), layers);
    }

    /** Return the positions that stay along the dimension of a cut. */
    private static long[] index(Cut cut, long width, int... kept) {
        long[] index = new long[Math.toIntExact(cut.copies * kept.length * cut.inner)];
        int at = 0;
        for (int copy = 0; copy < cut.copies; copy++) {
            for (int channel : kept) {
                for (long i = 0; i < cut.inner; i++) index[at++] = (copy * width + channel) * cut.inner + i;
            }
        }
        return index;
    }
}
