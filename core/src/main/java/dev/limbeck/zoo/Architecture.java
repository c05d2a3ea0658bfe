package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.FakeQuantization;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Create networks of one architecture for any number of classes. */
public final class Architecture {
    private static final int IMAGE_DIMENSIONS = 3;

    /** Suffix of the name of an architecture for quantization-aware training. */
    static final String QUANTIZED = "+qat";

    /** Height and width of the image that finds where a pooling network rounds. */
    private static final int EXAMPLE = 64;

    /** Hold which inputs an architecture takes, in words and as a test. */
    private record Taken(String what, Predicate<List<InputSpec>> test) {}

    private final String name;
    private final int imageSize;
    private final Set<HeadKind.Form> forms;
    private final HeadKind head;
    private final BiFunction<Head, List<InputSpec>, Module> maker;
    private final List<String> groupStarts;
    private final @Nullable Taken takes;
    private final boolean quantized;
    private final @Nullable ChannelWidths pruning;

    /**
     * Describe an architecture.
     *
     * @param name such as {@code resnet18}
     * @param imageSize height and width of the authors' training images; most other sizes work too
     * @param maker creates a randomly initialized network for a number of classes
     * @param groupStarts paths where the second and later layer groups start, in parameter order, the classifier's
     *     last; if empty, the last child is the classifier and the rest is one group
     */
    public Architecture(String name, int imageSize, LongFunction<Module> maker, String... groupStarts) {
        this(
                name,
                imageSize,
                Set.of(HeadKind.Form.OWN),
                HeadKind.OWN,
                (head, inputs) -> maker.apply(head.classes()),
                List.of(groupStarts),
                null,
                null,
                false);
    }

    private Architecture(
            String name,
            int imageSize,
            Set<HeadKind.Form> forms,
            HeadKind head,
            BiFunction<Head, List<InputSpec>, Module> maker,
            List<String> groupStarts,
            @Nullable Taken takes,
            @Nullable ChannelWidths pruning,
            boolean quantized) {
        this.name = name;
        this.imageSize = imageSize;
        this.forms = forms;
        this.head = head;
        this.maker = maker;
        this.groupStarts = groupStarts;
        this.takes = takes;
        this.quantized = quantized;
        this.pruning = pruning;
    }

    /**
     * Describe an architecture whose layers depend on the data's inputs, such as the number of columns.
     *
     * @param what inputs that it takes in words, such as tokens of texts
     * @param takes whether a network can be made for inputs
     * @param maker creates a network for inputs that it takes, and a number of outputs
     */
    public static Architecture ofInputs(
            String name,
            String what,
            Predicate<List<InputSpec>> takes,
            BiFunction<List<InputSpec>, Long, Module> maker,
            String... groupStarts) {
        return new Architecture(
                name,
                1,
                Set.of(HeadKind.Form.OWN),
                HeadKind.OWN,
                (head, inputs) -> maker.apply(inputs, head.classes()),
                List.of(groupStarts),
                new Taken(what, takes),
                null,
                false);
    }

    /** Describe an architecture with global pooling; the maker creates a network with the pooling and classifier of a head. */
    public static Architecture pooling(
            String name, int imageSize, Function<Head, Module> maker, String... groupStarts) {
        return ofHeads(name, imageSize, EnumSet.allOf(HeadKind.Form.class), maker, groupStarts);
    }

    /** Describe an architecture whose head may have some forms. */
    static Architecture ofHeads(
            String name, int imageSize, Set<HeadKind.Form> forms, Function<Head, Module> maker, String... groupStarts) {
        return new Architecture(
                name,
                imageSize,
                forms,
                HeadKind.OWN,
                (head, inputs) -> maker.apply(head),
                List.of(groupStarts),
                null,
                null,
                false);
    }

    /**
     * Return the same architecture, whose layers may have fewer channels. Its networks, or modules in them, are {@link
     * dev.limbeck.nn.Prunable}.
     *
     * @param widths channels of each group, in the order of {@link dev.limbeck.nn.ChannelGroup#in}
     * @param resize describes the architecture with other widths, of which it needs as many; it may keep the name
     */
    public Architecture prunable(List<Long> widths, Function<List<Long>, Architecture> resize) {
        return with(name, head, new ChannelWidths(name, widths, widths, resize), quantized);
    }

    private Architecture with(String otherName, HeadKind kind, @Nullable ChannelWidths other, boolean isQuantized) {
        return new Architecture(otherName, imageSize, forms, kind, maker, groupStarts, takes, other, isQuantized);
    }

    /** Return the channels of each group that can be pruned, in the order of the layers; empty if none can be. */
    public List<Long> widths() {
        return pruning == null ? List.of() : pruning.own();
    }

    /**
     * Return the same architecture with other channels in the layers that can be pruned. {@link Zoo#byName} accepts its name, such as {@code
     * cifar-resnet8@16-20-40}.
     *
     * @param widths for each group, in the order of {@link #widths}, from 1 to the channels of the unpruned network
     * @throws LimbeckException if it cannot be pruned, or the widths are others
     */
    public Architecture withWidths(List<Long> widths) {
        ChannelWidths known = pruning;
        if (known == null) {
            throw new LimbeckException(name + " has no channels that can be pruned; choose a convolutional network of "
                    + "the zoo, or let its blocks be Prunable");
        }
        ChannelWidths others = known.with(widths);
        Architecture made = known.resize().apply(others.own()).withHead(head);
        // Widths may be a part of the name already, as in small-cnn-16-32.
        if (!made.name.equals(known.base())) return quantized ? made.quantizationAware() : made;
        return made.with(others.name(), head, others, quantized);
    }

    /** Return whether another architecture is this one with fewer channels. */
    public boolean prunesTo(Architecture other) {
        return pruning != null
                && ChannelWidths.fits(other.widths(), widths())
                && withWidths(other.widths()).name().equals(other.name());
    }

    /**
     * Return the architecture of a name that begins with this one's.
     *
     * @throws LimbeckException if what follows is not a list of widths for it
     */
    Architecture named(String full) {
        if (full.equals(name)) return this;
        return withWidths(ChannelWidths.of(name, full, widths()));
    }

    /** Return the name, with the kind of a replaced head and of training: {@code resnet18+concat+qat}. */
    public String name() {
        return name + head.suffix() + (quantized ? QUANTIZED : "");
    }

    /** Return height and width of the authors' training images. */
    public int imageSize() {
        return imageSize;
    }

    /** Return whether its layers depend on the data's inputs, see {@link #ofInputs}. */
    public boolean isSizedByInputs() {
        return takes != null;
    }

    /** Return which inputs it takes, in words. */
    public String taken() {
        return takes == null ? "images" : takes.what;
    }

    /** Return whether a network can be made for inputs. Networks of images take one input of three dimensions. */
    public boolean takes(List<InputSpec> inputs) {
        if (takes != null) return takes.test.test(inputs);
        return inputs.size() == 1 && inputs.get(0).shape().length == IMAGE_DIMENSIONS;
    }

    /**
     * Create a network with initial weights from the engine's global generator.
     *
     * @throws LimbeckException if its layers depend on inputs
     */
    public Module create(int classes) {
        return create(classes, List.of());
    }

    /**
     * Create a network for the inputs of data.
     *
     * @param inputs as the data describes them; networks of images do not depend on them
     * @throws LimbeckException if it takes another kind of data
     */
    public Module create(int classes, List<InputSpec> inputs) {
        if (classes < 1 && !givesEmbedding())
            throw new IllegalArgumentException("a network needs at least one class, found " + classes);
        if (takes != null && inputs.isEmpty()) {
            throw new LimbeckException(name + " is made for the inputs of data, found none; name the data");
        }
        if ((takes != null || imageSize > 1 && !inputs.isEmpty()) && !takes(inputs)) {
            throw new LimbeckException(
                    name + " takes " + taken() + ", found "
                            + inputs.stream().map(InputSpec::toString).collect(Collectors.joining(", "))
                            + "; choose a network for such data: resnet18 for images, mlp for tables, bag or text-cnn for texts, bert-tiny for tokens");
        }
        Module network = maker.apply(new Head(classes, head), inputs);
        if (!quantized) return network;
        try (Scope scope = Scope.open()) {
            FakeQuantization.prepare(network, example(inputs));
            return network;
        } catch (RuntimeException e) {
            network.close();
            throw e;
        }
    }

    private Inputs example(List<InputSpec> inputs) {
        if (imageSize <= 1) return Inputs.example(inputs, 1);
        long side = pools() ? Math.min(EXAMPLE, imageSize) : imageSize;
        return Inputs.of(new InputSpec(Inputs.ONLY, DType.FLOAT32, new long[] {3, side, side}, 0, 0).example(1));
    }

    /**
     * Return the same architecture for quantization-aware training, see {@link FakeQuantization}. {@link Zoo#byName} accepts its name.
     *
     * @throws LimbeckException if it is for texts or tables
     */
    public Architecture quantizationAware() {
        if (quantized) return this;
        if (takes != null) {
            throw new LimbeckException("quantization-aware training is for networks of images, found " + name
                    + "; leave quantize (--quantize) out");
        }
        return with(name, head, pruning, true);
    }

    /** Return whether it is for quantization-aware training. */
    public boolean isQuantizationAware() {
        return quantized;
    }

    /** Return the same architecture without quantization-aware training. */
    public Architecture withoutQuantization() {
        return quantized ? with(name, head, pruning, false) : this;
    }

    /** Return the same architecture with the head of another one. */
    public Architecture withHeadOf(Architecture other) {
        return withHead(other.head);
    }

    /**
     * Return the same architecture with another head. {@link Zoo#byName} accepts its name.
     *
     * @throws LimbeckException if the architecture has no feature maps to pool
     */
    public Architecture withHead(HeadKind kind) {
        if (head.equals(kind)) return this;
        if (!forms.contains(kind.form())) {
            throw new LimbeckException(name + " has no feature maps to pool; "
                    + (kind.form() == HeadKind.Form.CONCAT ? "use its own head (linear)" : "use another student"));
        }
        return with(name, kind, pruning, quantized);
    }

    /** Return the same architecture without a classifier: it returns its pooled features, an embedding. */
    public Architecture withoutHead() {
        return withHead(HeadKind.EMBEDDING);
    }

    /** Return whether it returns an embedding, see {@link #withoutHead}. */
    public boolean givesEmbedding() {
        return head.equals(HeadKind.EMBEDDING);
    }

    /** Return the same architecture with fastai's head; see {@link #withHead}. */
    public Architecture withConcatHead() {
        return withHead(HeadKind.CONCAT);
    }

    /**
     * Return the same architecture with two layers that project its pooled features to the input width of another
     * network's classifier, and a classifier of that width; see {@link #withHead}.
     */
    public Architecture withBridge(long width) {
        return withHead(HeadKind.bridge(width));
    }

    /** Return the same architecture with its original head. */
    public Architecture withOwnHead() {
        return withHead(HeadKind.OWN);
    }

    /** Return the path of a network's classifier. */
    public String head(Module network) {
        return groupStarts.isEmpty() ? lastChild(network) : groupStarts.get(groupStarts.size() - 1);
    }

    /** Return whether it pools feature maps, so {@link #withConcatHead} works. */
    public boolean pools() {
        return forms.contains(HeadKind.Form.CONCAT);
    }

    /**
     * Return parameter paths by layer group, from the stem to the classifier, whose group is empty without one.
     *
     * @param network a network of this architecture
     */
    public List<List<String>> layerGroups(Module network) {
        List<String> starts = groupStarts.isEmpty() ? List.of(head(network)) : groupStarts;
        List<List<String>> groups = new ArrayList<>(List.of(new ArrayList<>()));
        for (String path : network.parameters().keySet()) {
            if (groups.size() <= starts.size() && path.startsWith(starts.get(groups.size() - 1) + ".")) {
                groups.add(new ArrayList<>());
            }
            groups.get(groups.size() - 1).add(path);
        }
        if (givesEmbedding()) groups.add(List.of());
        return groups;
    }

    /** Return the path of the last child that has parameters. */
    private static String lastChild(Module network) {
        String last = "";
        for (String path : network.parameters().keySet()) {
            int dot = path.indexOf('.');
            if (dot > 0) last = path.substring(0, dot);
        }
        return last;
    }

    @Override
    public String toString() {
        return name();
    }
}
