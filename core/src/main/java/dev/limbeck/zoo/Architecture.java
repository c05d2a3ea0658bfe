package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.InputSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.LongFunction;
import java.util.stream.Collectors;

/** Create networks of one architecture for any number of classes. */
public final class Architecture {
    private static final int IMAGE_DIMENSIONS = 3;

    private final String name;
    private final int imageSize;
    private final boolean pools;
    private final HeadKind head;
    private final BiFunction<Head, List<InputSpec>, Module> maker;
    private final List<String> groupStarts;
    private final boolean sizedByInputs;

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
                false,
                HeadKind.OWN,
                (head, inputs) -> maker.apply(head.classes()),
                List.of(groupStarts),
                false);
    }

    private Architecture(
            String name,
            int imageSize,
            boolean pools,
            HeadKind head,
            BiFunction<Head, List<InputSpec>, Module> maker,
            List<String> groupStarts,
            boolean sizedByInputs) {
        this.name = name;
        this.imageSize = imageSize;
        this.pools = pools;
        this.head = head;
        this.maker = maker;
        this.groupStarts = groupStarts;
        this.sizedByInputs = sizedByInputs;
    }

    /**
     * Describe an architecture whose layers depend on the data's inputs, such as the number of columns.
     *
     * @param maker creates a network for inputs and a number of outputs; refuses inputs of another kind of data
     */
    public static Architecture ofInputs(
            String name, BiFunction<List<InputSpec>, Long, Module> maker, String... groupStarts) {
        return new Architecture(
                name,
                1,
                false,
                HeadKind.OWN,
                (head, inputs) -> maker.apply(inputs, head.classes()),
                List.of(groupStarts),
                true);
    }

    /**
     * Describe an architecture with global pooling, whose head is replaceable.
     *
     * @param maker creates a network with the pooling and classifier of a head
     */
    public static Architecture pooling(
            String name, int imageSize, Function<Head, Module> maker, String... groupStarts) {
        return new Architecture(
                name, imageSize, true, HeadKind.OWN, (head, inputs) -> maker.apply(head), List.of(groupStarts), false);
    }

    /** Return the name, with the kind of a replaced head: {@code resnet18+concat}. */
    public String name() {
        return name + head.suffix();
    }

    /** Return height and width of the authors' training images. */
    public int imageSize() {
        return imageSize;
    }

    /** Return whether its layers depend on the data's inputs, see {@link #ofInputs}. */
    public boolean isSizedByInputs() {
        return sizedByInputs;
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
        if (classes < 1) throw new IllegalArgumentException("a network needs at least one class, found " + classes);
        if (sizedByInputs && inputs.isEmpty()) {
            throw new LimbeckException(name + " is made for the inputs of data, found none; name the data");
        }
        boolean image = inputs.size() == 1 && inputs.get(0).shape().length == IMAGE_DIMENSIONS;
        if (imageSize > 1 && !inputs.isEmpty() && !image) {
            throw new LimbeckException(name + " takes images, found "
                    + inputs.stream().map(InputSpec::toString).collect(Collectors.joining(", "))
                    + "; choose a network for such data, such as mlp for tables or bag for texts");
        }
        return maker.apply(new Head(classes, head), inputs);
    }

    /**
     * Return the same architecture with another head. {@link Zoo#byName} accepts its name.
     *
     * @throws LimbeckException if the architecture has no feature maps to pool
     */
    public Architecture withHead(HeadKind kind) {
        if (head.equals(kind)) return this;
        if (!pools) {
            throw new LimbeckException(name + " has no feature maps to pool; "
                    + (kind.form() == HeadKind.Form.BRIDGE ? "use another student" : "use its own head (linear)"));
        }
        return new Architecture(name, imageSize, true, kind, maker, groupStarts, sizedByInputs);
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
        return pools;
    }

    /**
     * Return parameter paths by layer group, from the stem to the classifier.
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
