package dev.limbeck.model;

import dev.limbeck.LimbeckException;
import dev.limbeck.Preprocessing;
import dev.limbeck.Task;
import dev.limbeck.data.Data;
import dev.limbeck.data.Modalities;
import dev.limbeck.data.Modality;
import dev.limbeck.model.PairedTensors.Pair;
import dev.limbeck.nn.ChannelGroup;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Start a network from the weights of a larger one of its family, such as its teacher. Both must have the same structure: the same stages, of
 * blocks of the same kind. The network may have fewer blocks, and fewer channels.
 *
 * <p>Block i of n starts from block ⌊i·N/n⌋ of N, in each list of blocks: 0 and 1 of 3, 0 and 2 of 4, 0 and 3 of 6 for a ResNet-18 from a
 * ResNet-34; 0, 3 and 6 of 9 for a CIFAR ResNet-20 from a ResNet-56. Channel i of n is channel ⌊i·N/n⌋ of N in the same way. This choice depends on
 * both sizes alone, so a layer's outputs, the inputs of all layers that read them, their norms and both sides of a residual sum agree; so do
 * channels that are joined one after another or padded. The positions of a channel's flattened map, as {@link ChannelGroup} describes it, stay
 * together. Weights are not rescaled: batch norms adapt their statistics in the first steps. Heads of
 * attention are not kept whole.
 *
 * <p>The classifier is copied if the larger one has all of the network's class names, in the network's order; else it keeps its initial values.
 *
 * <p>Xu et al., Initializing Models with Larger Ones, ICLR 2024 (weight selection, with uniform element selection; they keep the first blocks of
 * a stage); Sanh et al., DistilBERT, 2019 (every second layer).
 */
public final class WeightSelection {
    private static final String BATCH_COUNTER = "num_batches_tracked";
    private static final int ANY_CLASSES = 10;

    private WeightSelection() {}

    /**
     * Check that networks of an architecture can start from a model, without their data.
     *
     * @throws LimbeckException in one line, naming both and what would fit
     */
    public static void check(SavedModel source, Architecture architecture) {
        try (Module network = example(source, architecture)) {
            bodies(source, network, architecture);
        }
    }

    /** Return whether {@link #check} accepts an architecture. */
    public static boolean isPossible(SavedModel source, Architecture architecture) {
        try (Module network = example(source, architecture)) {
            return fits(source, network, architecture, Zoo.byName(source.architecture()));
        }
    }

    private static Module example(SavedModel source, Architecture architecture) {
        List<InputSpec> inputs = architecture.isSizedByInputs() ? Modalities.inputs(source.preprocessing()) : List.of();
        return architecture.create(ANY_CLASSES, inputs);
    }

    /**
     * Load the weights of a model into a network, all or nothing.
     *
     * @param source the larger model
     * @param network a network of the architecture, with initial weights, on any device
     * @param data data that the network will be trained on
     * @return what was loaded
     * @throws LimbeckException in one line, if the network does not fit, or reads other tokens or columns than the model
     */
    public static StartingWeights load(SavedModel source, Module network, Architecture architecture, Data data) {
        requireInputs(source, data.preprocessing());
        PairedTensors bodies = bodies(source, network, architecture);
        Map<String, Pair> pairs = new LinkedHashMap<>(bodies.pairs());
        Map<String, String> heads = new LinkedHashMap<>();
        int @Nullable [] rows = rows(source.taskFor(data.task()), data.task());
        bodies.heads().keySet().forEach(path -> {
            PairedTensors paired = PairedTensors.ofHeads(path, network, source.module());
            if (paired.misfit() != null) heads.put(path, "another head");
            else if (rows == null) heads.put(path, difference(source.taskFor(data.task()), data.task()));
            else pairs.putAll(paired.pairs());
        });
        int sliced = 0;
        int copied = 0;
        int initialized = 0;
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                StateDict values = network.stateDict()) {
            for (String name : List.copyOf(values.names())) {
                Pair pair = pairs.get(name);
                if (pair != null) values.put(name, Scope.retain(Tensors.copy(selected(pair, rows))));
                if (isCounter(name) || FakeQuantization.isRange(name)) continue;
                if (pair == null) initialized++;
                else if (isSliced(pair)) sliced++;
                else copied++;
            }
            network.load(values);
        }
        Map<String, List<Integer>> blocks = new LinkedHashMap<>();
        bodies.blocks().forEach((path, kept) -> blocks.put(path, kept.layers()));
        return new StartingWeights(
                source.file().toString(),
                source.architecture(),
                source.sha256(),
                copied,
                sliced,
                initialized,
                heads,
                blocks);
    }

    /** Return whether a tensor counts the batches of a batch norm. */
    static boolean isCounter(String name) {
        return name.endsWith(BATCH_COUNTER);
    }

    private static boolean isSliced(Pair pair) {
        long[] own = pair.own().shape();
        long[] other = pair.other().shape();
        for (int axis = pair.ofClasses() ? 1 : 0; axis < own.length; axis++) {
            if (own[axis] != other[axis]) return true;
        }
        return false;
    }

    /** Return the values of a tensor: the chosen channels of its counterpart, and the rows of the network's classes. */
    private static Tensor selected(Pair pair, int @Nullable [] rows) {
        long[] own = pair.own().shape();
        long[] other = pair.other().shape();
        Tensor values = Tensors.to(pair.other(), Engine.device("cpu"));
        for (int axis = 0; axis < own.length; axis++) {
            if (axis == 0 && pair.ofClasses() && rows != null) {
                values = select(values, axis, rows);
            } else if (own[axis] != other[axis]) {
                values = select(values, axis, chosen(other[axis], own[axis], pair.positions(axis)));
            }
        }
        return values;
    }

    /** Return the chosen channels' values along an axis, of which several of each channel may stand together. */
    private static int[] chosen(long of, long wanted, int together) {
        KeptLayers channels = KeptLayers.evenly(Math.toIntExact(of / together), Math.toIntExact(wanted / together));
        return channels.layers().stream()
                .flatMapToInt(channel -> IntStream.range(channel * together, (channel + 1) * together))
                .toArray();
    }

    private static Tensor select(Tensor values, int axis, int... chosen) {
        long[] at = new long[chosen.length];
        for (int i = 0; i < at.length; i++) at[i] = chosen[i];
        return Ops.indexSelect(values, axis, Tensors.of(at, at.length));
    }

    /** Return the model's output of each class of the network; null if they disagree. */
    private static int @Nullable [] rows(Task model, Task network) {
        return difference(model, network).isEmpty()
                ? network.names().stream().mapToInt(model.names()::indexOf).toArray()
                : null;
    }

    /** Return why the outputs of two tasks disagree; empty if they agree, perhaps in another order. */
    private static String difference(Task model, Task network) {
        if (model.kind() != network.kind()) return "another task";
        if (model.names().isEmpty()) return "without class names";
        if (!model.names().containsAll(network.names())) return "other classes";
        if (model instanceof Task.Regression one && network instanceof Task.Regression other) {
            for (int i = 0; i < other.names().size(); i++) {
                int at = one.names().indexOf(other.names().get(i));
                boolean same = one.means().get(at).equals(other.means().get(i))
                        && one.deviations().get(at).equals(other.deviations().get(i));
                if (!same) return "another scale of the targets";
            }
        }
        return "";
    }

    /** Pair all tensors below the classifiers. */
    private static PairedTensors bodies(SavedModel source, Module network, Architecture architecture) {
        Architecture larger = Zoo.byName(source.architecture());
        String misfit = "it is of another family";
        if (network.getClass() == source.module().getClass()) {
            PairedTensors paired = PairedTensors.ofBodies(network, architecture, source.module(), larger);
            if (paired.misfit() == null) return paired;
            misfit = paired.misfit();
        }
        throw new LimbeckException(architecture + " cannot start from the weights of " + larger + " (" + source.file()
                + "): " + misfit + "; choose a student of its family that is no larger (--arch)"
                + fitting(source, larger)
                + ", or start from random weights (without --init)");
    }

    /** Return the names of architectures that can start from a model; empty for networks that data determine. */
    private static String fitting(SavedModel source, Architecture larger) {
        if (larger.isSizedByInputs()) return "";
        String names = Stream.concat(Zoo.family(larger).stream(), Stream.of(larger.withOwnHead()))
                .filter(one -> isPossible(source, one))
                .map(Architecture::name)
                .distinct()
                .collect(Collectors.joining(" or "));
        return ": " + names;
    }

    private static boolean fits(SavedModel source, Module network, Architecture architecture, Architecture larger) {
        return network.getClass() == source.module().getClass()
                && PairedTensors.ofBodies(network, architecture, source.module(), larger)
                                .misfit()
                        == null;
    }

    /** Refuse other tokens or columns: the same numbers would mean something else. Images are pixels for all. */
    private static void requireInputs(SavedModel source, Preprocessing own) {
        if (!Modalities.isNamed(own)) return;
        Modality modality = Modalities.ofSaved(source.preprocessing());
        Preprocessing other = modality.preprocessing(source.preprocessing());
        boolean same = own instanceof TextPreprocessing text && other instanceof TextPreprocessing texts
                ? text.tokenizer()
                        .withMost(texts.tokenizer().most())
                        .identity()
                        .equals(texts.tokenizer().identity())
                : own.identity().equals(other.identity());
        if (same) return;
        throw new LimbeckException("a student that starts from " + source.file() + " must read its inputs, "
                + other.describe() + ", found " + own.describe() + "; leave the settings of inputs out");
    }
}
