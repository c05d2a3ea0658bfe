package dev.limbeck.zoo;

import dev.limbeck.LimbeckException;
import dev.limbeck.nn.Module;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongFunction;

/** Create networks of one architecture for any number of classes. */
public final class Architecture {
    private final String name;
    private final int imageSize;
    private final boolean pools;
    private final HeadKind head;
    private final Function<Head, Module> maker;
    private final List<String> groupStarts;

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
        this(name, imageSize, false, HeadKind.OWN, head -> maker.apply(head.classes()), List.of(groupStarts));
    }

    private Architecture(
            String name,
            int imageSize,
            boolean pools,
            HeadKind head,
            Function<Head, Module> maker,
            List<String> groupStarts) {
        this.name = name;
        this.imageSize = imageSize;
        this.pools = pools;
        this.head = head;
        this.maker = maker;
        this.groupStarts = groupStarts;
    }

    /**
     * Describe an architecture with global pooling, whose head is replaceable.
     *
     * @param maker creates a network with the pooling and classifier of a head
     */
    public static Architecture pooling(
            String name, int imageSize, Function<Head, Module> maker, String... groupStarts) {
        return new Architecture(name, imageSize, true, HeadKind.OWN, maker, List.of(groupStarts));
    }

    /** Return the name, with the kind of a replaced head: {@code resnet18+concat}. */
    public String name() {
        return name + head.suffix();
    }

    /** Return height and width of the authors' training images. */
    public int imageSize() {
        return imageSize;
    }

    /** Create a network with initial weights from the engine's global generator. */
    public Module create(int classes) {
        if (classes < 1) throw new IllegalArgumentException("a network needs at least one class, found " + classes);
        return maker.apply(new Head(classes, head));
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
        return new Architecture(name, imageSize, true, kind, maker, groupStarts);
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
