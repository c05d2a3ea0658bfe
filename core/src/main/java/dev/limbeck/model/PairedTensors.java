package dev.limbeck.model;

import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.Conv1d;
import dev.limbeck.nn.Conv2d;
import dev.limbeck.nn.Embedding;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Linear;
import dev.limbeck.nn.MaxPool2d;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.Sequential;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Pair the tensors of a network with those of a larger one: by the paths of their modules, and in lists of blocks as {@link KeptLayers}
 * chooses. In a chain of plain layers, the convolutions of a stage between poolings are such a list. The first block of a list is always paired with the first one, which may have a stride or a projection that the others lack.
 */
final class PairedTensors {
    /**
     * Hold a tensor and its counterpart, of the same rank.
     *
     * @param ofClasses whether the rows are the outputs, so that their numbers may differ
     * @param positions values of each channel that stand together along the second axis, behind a flattened map; else 1
     */
    record Pair(Tensor own, Tensor other, boolean ofClasses, int positions) {
        /** Return how many values of a channel stand together along an axis. */
        int positions(int axis) {
            return axis == 1 ? positions : 1;
        }
    }

    private final Map<String, Pair> pairs = new LinkedHashMap<>();
    private final Map<String, KeptLayers> blocks = new LinkedHashMap<>();
    private final Map<String, Module> heads = new LinkedHashMap<>();
    private final Set<String> headTensors;
    private final Set<String> otherHeadTensors;
    private final Map<String, Long> positions;
    private final Map<String, Long> otherPositions;
    private @Nullable Linear classifier;
    private @Nullable String misfit;

    private PairedTensors(Module network, Set<String> headTensors, Module other, Set<String> otherHeadTensors) {
        this.headTensors = headTensors;
        this.otherHeadTensors = otherHeadTensors;
        positions = ChannelGroup.positions(network);
        otherPositions = ChannelGroup.positions(other);
    }

    /** Pair all tensors but those of the classifiers. */
    static PairedTensors ofBodies(Module network, Architecture architecture, Module other, Architecture larger) {
        PairedTensors paired =
                new PairedTensors(network, lastGroup(network, architecture), other, lastGroup(other, larger));
        paired.add("", network, "", other);
        return paired;
    }

    /** Pair the tensors of two networks' classifiers at a path, whose last linear layers may have other numbers of rows. */
    static PairedTensors ofHeads(String path, Module network, Module other) {
        PairedTensors paired = new PairedTensors(network, Set.of(), other, Set.of());
        Module head = network.module(path);
        for (Module module : head.modules().values()) {
            if (module instanceof Linear linear) paired.classifier = linear;
        }
        Module counterpart = other.modules().get(path);
        if (counterpart == null) paired.miss("it has no " + path);
        else paired.add(path, head, path, counterpart);
        return paired;
    }

    /** Return the names of the classifier's tensors; none for an embedding, whose last layers are no classifier. */
    private static Set<String> lastGroup(Module network, Architecture architecture) {
        Module head = network.modules().get(architecture.head(network));
        if (head == null || head.parameters().isEmpty()) return Set.of();
        List<List<String>> groups = architecture.layerGroups(network);
        return new HashSet<>(groups.get(groups.size() - 1));
    }

    /** Return the pairs by the tensor's name in the network; without meaning if there is a misfit. */
    Map<String, Pair> pairs() {
        return pairs;
    }

    /** Return the blocks that the lists of the network start from, by their paths; lists of equal lengths are left out. */
    Map<String, KeptLayers> blocks() {
        return blocks;
    }

    /** Return the network's classifiers by path. */
    Map<String, Module> heads() {
        return heads;
    }

    /** Return the first difference that no choice of blocks and channels bridges; null if there is none. */
    @Nullable
    String misfit() {
        return misfit;
    }

    private void miss(String what) {
        if (misfit == null) misfit = what;
    }

    private void add(String path, Module own, String from, Module other) {
        if (misfit != null) return;
        if (own.getClass() != other.getClass()) {
            miss(path + " is another kind of layer in it");
            return;
        }
        addTensors(path, own, from, other);
        Map<String, Module> children = trained(path, own, headTensors, heads);
        Map<String, Module> others = trained(from, other, otherHeadTensors, new LinkedHashMap<>());
        if (areBlocks(children) && areBlocks(others)) {
            addBlocks(path, List.copyOf(children.values()), from, List.copyOf(others.values()));
            return;
        }
        if (isChain(own)
                && isChain(other)
                && own.children().size() != other.children().size()) {
            addChain(path, own, from, other);
            return;
        }
        children.forEach((name, child) -> {
            Module counterpart = others.remove(name);
            if (counterpart == null) miss("it has no " + join(from, name));
            else add(join(path, name), child, join(from, name), counterpart);
        });
        others.keySet().forEach(name -> miss("it also has " + join(from, name)));
    }

    private void addBlocks(String path, List<Module> own, String from, List<Module> other) {
        if (other.size() < own.size()) {
            miss(path + " has " + own.size() + " blocks, the source's " + other.size());
            return;
        }
        KeptLayers kept = KeptLayers.evenly(other.size(), own.size());
        if (!kept.isWhole()) blocks.put(path, kept);
        for (int i = 0; i < own.size(); i++) {
            int at = kept.layers().get(i);
            add(join(path, String.valueOf(i)), own.get(i), join(from, String.valueOf(at)), other.get(at));
        }
    }

    /** Pair two chains of plain layers: each stage between poolings is a list of convolutions with what follows them. */
    private void addChain(String path, Module own, String from, Module other) {
        List<List<List<String>>> stages = stages(own);
        List<List<List<String>>> others = stages(other);
        if (stages.size() != others.size()) {
            miss(path + " has " + stages.size() + " stages between poolings, the source's " + others.size());
            return;
        }
        for (int stage = 0; stage < stages.size(); stage++) {
            List<List<String>> units = stages.get(stage);
            List<List<String>> larger = others.get(stage);
            String first = join(path, units.get(0).get(0));
            if (larger.size() < units.size()) {
                miss("the stage of " + first + " has " + units.size() + " convolutions, the source's " + larger.size());
                return;
            }
            KeptLayers kept = KeptLayers.evenly(larger.size(), units.size());
            if (!kept.isWhole()) blocks.put(first, kept);
            for (int unit = 0; unit < units.size(); unit++) {
                List<String> names = units.get(unit);
                List<String> counterparts = larger.get(kept.layers().get(unit));
                if (names.size() != counterparts.size()) {
                    miss(join(path, names.get(0)) + " is followed by other layers in it");
                    return;
                }
                for (int i = 0; i < names.size(); i++) {
                    String name = names.get(i);
                    String counterpart = counterparts.get(i);
                    Module layer = other.children().get(counterpart);
                    add(join(path, name), own.children().get(name), join(from, counterpart), layer);
                }
            }
        }
    }

    /** Return whether a module is a chain of plain layers with convolutions. */
    private static boolean isChain(Module module) {
        return module instanceof Sequential
                && module.children().values().stream()
                        .allMatch(child -> child.children().isEmpty())
                && module.children().values().stream().anyMatch(Conv2d.class::isInstance);
    }

    /** Return the names of a chain's layers by stage and convolution. */
    private static List<List<List<String>>> stages(Module chain) {
        List<List<List<String>>> stages = new ArrayList<>(List.of(new ArrayList<>()));
        chain.children().forEach((name, layer) -> {
            List<List<String>> stage = stages.get(stages.size() - 1);
            if (layer instanceof MaxPool2d) {
                if (!stage.isEmpty()) stages.add(new ArrayList<>());
                return;
            }
            if (layer instanceof Conv2d || stage.isEmpty()) stage.add(new ArrayList<>());
            stage.get(stage.size() - 1).add(name);
        });
        stages.removeIf(List::isEmpty);
        return stages;
    }

    private void addTensors(String path, Module own, String from, Module other) {
        Map<String, Tensor> tensors = tensors(own);
        Map<String, Tensor> others = tensors(other);
        long together = positions.getOrDefault(path, 1L);
        long otherTogether = otherPositions.getOrDefault(from, 1L);
        if (together != otherTogether) {
            miss(path + " reads maps of " + together + " positions, the source's " + otherTogether);
            return;
        }
        tensors.forEach((name, tensor) -> {
            Tensor counterpart = others.remove(name);
            if (counterpart == null) {
                miss("it has no " + join(from, name));
                return;
            }
            boolean ofClasses = own == classifier;
            if (!fits(own, tensor, counterpart, ofClasses)) {
                miss(join(path, name) + " is " + Tensors.shapeText(tensor.shape()) + ", the source's "
                        + Tensors.shapeText(counterpart.shape()));
            }
            pairs.put(join(path, name), new Pair(tensor, counterpart, ofClasses, Math.toIntExact(together)));
        });
        others.keySet().forEach(name -> miss("it also has " + join(from, name)));
    }

    private static boolean fits(Module owner, Tensor own, Tensor other, boolean ofClasses) {
        long[] small = own.shape();
        long[] large = other.shape();
        if (small.length != large.length) return false;
        for (int axis = 0; axis < small.length; axis++) {
            if (small[axis] == large[axis] || ofClasses && axis == 0) continue;
            if (small[axis] > large[axis] || !isOfChannels(owner, small.length, axis)) return false;
        }
        return true;
    }

    /** Return whether an axis counts channels, rather than positions, tokens or the sides of a kernel. */
    private static boolean isOfChannels(Module owner, int rank, int axis) {
        if (owner instanceof Embedding) return axis == 1;
        if (owner instanceof Conv1d || owner instanceof Conv2d || rank <= 2) return axis <= 1;
        return axis == rank - 1;
    }

    /** Return the tensors of a module. Ranges of quantization-aware training are measured anew. */
    private static Map<String, Tensor> tensors(Module module) {
        Map<String, Tensor> all = new LinkedHashMap<>(module.ownParameters());
        all.putAll(module.ownBuffers());
        all.keySet().removeIf(FakeQuantization::isRange);
        return all;
    }

    /** Return the children with parameters, without the classifiers, which are added to the heads. */
    private static Map<String, Module> trained(
            String path, Module module, Set<String> headTensors, Map<String, Module> heads) {
        Map<String, Module> children = new LinkedHashMap<>();
        module.children().forEach((name, child) -> {
            String own = join(path, name);
            Set<String> names = child.parameters().keySet();
            if (names.isEmpty()) return;
            boolean isHead = names.stream().allMatch(one -> headTensors.contains(join(own, one)));
            (isHead ? heads : children).put(isHead ? own : name, child);
        });
        return children;
    }

    /** Return whether children are numbered from 0 and each has children of its own. */
    private static boolean areBlocks(Map<String, Module> children) {
        List<String> names = new ArrayList<>(children.keySet());
        for (int i = 0; i < names.size(); i++) {
            if (!names.get(i).equals(String.valueOf(i))) return false;
        }
        return !names.isEmpty()
                && children.values().stream()
                        .noneMatch(child -> child.children().isEmpty());
    }

    private static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }
}
