package dev.limbeck.nn;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * Describe channels that can only be cut together: the filters that make them, what carries them on, and what reads them.
 *
 * @param producers modules whose tensors have the channels as first dimension: the convolution that makes them, then batch norms, depthwise
 *     convolutions
 * @param consumers modules whose weight has the channels as second dimension: convolutions and linear layers. A linear layer behind a flattened
 *     map has several columns for each channel
 */
public record ChannelGroup(List<Part> producers, List<Part> consumers) {
    /**
     * Name a module of a group.
     *
     * @param path of the module
     * @param copies how often all the channels stand one after another, as behind a concatenation of two poolings; usually 1
     */
    public record Part(String path, int copies) {
        private Part below(String parent) {
            return parent.isEmpty() ? this : new Part(parent + "." + path, copies);
        }
    }

    public ChannelGroup {
        producers = List.copyOf(producers);
        consumers = List.copyOf(consumers);
    }

    /**
     * Begin a group.
     *
     * @param convolution path of the convolution that makes the channels
     * @param carriers paths of batch norms and depthwise convolutions that carry them on
     */
    public static ChannelGroup of(String convolution, String... carriers) {
        return new ChannelGroup(List.of(new Part(convolution, 1)), List.of()).through(1, carriers);
    }

    /** Add modules that carry the channels on, each with that many copies of them. */
    public ChannelGroup through(int copies, String... carriers) {
        return new ChannelGroup(added(producers, copies, carriers), consumers);
    }

    /** Add convolutions and linear layers that read the channels. */
    public ChannelGroup into(String... modules) {
        return into(1, modules);
    }

    /** Add convolutions and linear layers that read that many copies of the channels. */
    public ChannelGroup into(int copies, String... modules) {
        return new ChannelGroup(producers, added(consumers, copies, modules));
    }

    private static List<Part> added(List<Part> parts, int copies, String... paths) {
        List<Part> all = new ArrayList<>(parts);
        for (String path : paths) all.add(new Part(path, copies));
        return all;
    }

    /** Return the name, which is the path of the convolution that makes the channels. */
    public String name() {
        return producers.get(0).path();
    }

    /** Return the groups of a network and all its descendants, in the order of its layers, with paths from the network. */
    public static List<ChannelGroup> in(Module network) {
        List<ChannelGroup> found = new ArrayList<>();
        Map<String, Integer> places = new HashMap<>();
        network.modules().forEach((path, module) -> {
            places.put(path, places.size());
            if (!(module instanceof Prunable prunable)) return;
            for (ChannelGroup group : prunable.channelGroups()) {
                found.add(new ChannelGroup(
                        group.producers.stream().map(part -> part.below(path)).toList(),
                        group.consumers.stream().map(part -> part.below(path)).toList()));
            }
        });
        found.sort(Comparator.comparing(group -> places.getOrDefault(group.name(), places.size())));
        return found;
    }

    /**
     * Return how many values of each channel stand together along the second dimension of the modules that read a network's channels, by
     * path: the positions of a flattened map, or 1.
     */
    public static Map<String, Long> positions(Module network) {
        Map<String, Long> positions = new HashMap<>();
        for (ChannelGroup group : in(network)) {
            Tensor made = network.module(group.name()).ownParameters().get("weight");
            for (Part part : group.consumers) {
                Tensor read = network.module(part.path).ownParameters().get("weight");
                if (made == null || read == null || read.dim() < 2) continue;
                positions.put(part.path, Math.max(1, read.size(1) / (part.copies * made.size(0))));
            }
        }
        return positions;
    }
}
