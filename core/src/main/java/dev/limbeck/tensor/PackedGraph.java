package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.ValueVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Run a frozen graph on a single image with the weights of its convolutions as oneDNN reads them. Otherwise, oneDNN converts them in each
 * call, which takes longer than to convolve one image, see {@code docs/performance.md}. The packed weights are a second copy, made for the
 * first image; images of another size are computed too, more slowly where oneDNN reads weights otherwise for it. The first image of each
 * size is computed twice.
 */
final class PackedGraph implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(PackedGraph.class);

    /**
     * A convolution.
     *
     * @param weight shared with the graph
     */
    private record Kernel(Tensor weight, long[] stride, long[] padding, long[] dilation, long groups) {
        static Kernel of(JitNode convolution) {
            return new Kernel(
                    Scope.own(Objects.requireNonNull(InferenceGraph.weight(convolution))),
                    GraphConstants.numbers(convolution.input(3)),
                    GraphConstants.numbers(convolution.input(4)),
                    GraphConstants.numbers(convolution.input(5)),
                    InferenceGraph.groups(convolution));
        }

        Tensor packed(long height, long width) {
            return torch.mkldnn_reorder_conv2d_weight(
                    weight.to_mkldnn(), padding, stride, dilation, groups, 1, weight.size(1) * groups, height, width);
        }
    }

    private final List<Kernel> kernels = new ArrayList<>();
    /** Returns height and width of what each convolution reads. */
    private final JitModule measuring;
    /** Reads the packed weights from attributes, which are its own memory: what a graph holds lives as long as the script. */
    private final JitModule packed;

    /** The sizes of images that the engine computed, so that they suit the network: oneDNN itself checks less. */
    private final Set<List<Long>> computed = new HashSet<>();

    private boolean isPacked;
    private boolean failed;

    private PackedGraph(JitModule frozen) {
        // Here, since the engine crashes if another thread does so at once.
        measuring = Scope.retain(frozen.clone());
        packed = Scope.retain(frozen.clone());
        measure(measuring.get_method("forward").graph());
        Graph graph = packed.get_method("forward").graph();
        for (JitNode convolution : convolutions(graph)) {
            packed.register_buffer(attribute(kernels.size()), nothing());
            read(graph, convolution, attribute(kernels.size()));
            kernels.add(Kernel.of(convolution));
            convolution.destroy();
        }
    }

    /**
     * Describe the packed graph of a frozen module.
     *
     * @return null if it has no convolution that can be packed, or if this processor has a faster way
     */
    static @Nullable PackedGraph of(JitModule frozen) {
        boolean suits = Convolution.ONE_DNN
                && !convolutions(frozen.get_method("forward").graph()).isEmpty();
        return suits ? new PackedGraph(frozen) : null;
    }

    /** Return whether inputs are a single image. */
    static boolean takes(Inputs inputs) {
        if (inputs.tensors().size() != 1) return false;
        Tensor image = inputs.only();
        return image.dim() == 4 && image.size(0) == 1 && !image.is_cuda();
    }

    /**
     * Return the module with packed weights; null if they cannot be packed.
     *
     * @throws RuntimeException of the engine, if the network cannot compute this image
     */
    synchronized @Nullable JitModule module(Tensor image) {
        if (failed) return null;
        if (computed.add(List.of(image.size(1), image.size(2), image.size(3)))) prepare(image);
        return failed ? null : packed;
    }

    private void prepare(Tensor image) {
        long[] sizes;
        try (Scope scope = Scope.open()) {
            sizes = measuring
                    .forward(new IValueVector(new IValue(image)))
                    .toIntVector()
                    .get();
        } catch (RuntimeException e) {
            computed.clear();
            throw e;
        }
        if (isPacked) return;
        try {
            for (int i = 0; i < kernels.size(); i++) {
                // Only one weight at a time is in memory three times.
                try (Scope one = Scope.open()) {
                    Tensor weight = kernels.get(i).packed(sizes[2 * i], sizes[2 * i + 1]);
                    packed.setattr(attribute(i), new IValue(weight));
                }
            }
            isPacked = true;
        } catch (RuntimeException e) {
            // The engine converts the weights in each call.
            LOG.debug("single images run without packed weights", e);
            release();
            failed = true;
        }
    }

    /** Release the packed weights until the next image. No other thread may use them. */
    synchronized void release() {
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < kernels.size(); i++) packed.setattr(attribute(i), new IValue(nothing()));
        }
        isPacked = false;
        computed.clear();
    }

    @Override
    public void close() {
        kernels.forEach(kernel -> kernel.weight().close());
        measuring.close();
        packed.close();
    }

    private static Tensor nothing() {
        return Tensors.zeros(DType.FLOAT32, 0);
    }

    private static String attribute(int kernel) {
        return "packed" + kernel;
    }

    private static List<JitNode> convolutions(Graph graph) {
        List<JitNode> found = new ArrayList<>();
        JitNode stop = graph.return_node();
        for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next()) {
            if (isFlat(node)) found.add(node);
        }
        return found;
    }

    /** Return whether a node is a convolution of two dimensions with constants. */
    private static boolean isFlat(JitNode node) {
        Tensor weight = InferenceGraph.weight(node);
        return weight != null
                && weight.dim() == 4
                && IntStream.of(3, 4, 5).allMatch(at -> GraphConstants.numbers(node.input(at)).length == 2);
    }

    /** Let a graph return the sizes in place of the output. */
    private static void measure(Graph graph) {
        ValueVector sizes = new ValueVector();
        for (JitNode convolution : convolutions(graph)) {
            graph.setInsertPoint(convolution);
            for (long dimension : new long[] {2, 3}) {
                Value which = InferenceGraph.number(graph, dimension);
                sizes.push_back(InferenceGraph.insert(graph, "aten::size", convolution.input(0), which)
                        .setType(which.type()));
            }
        }
        graph.setInsertPoint(graph.return_node());
        JitNode list = graph.insertNode(graph.createList(sizes.get(0).type(), sizes));
        graph.return_node().replaceInput(0, list.output());
    }

    /** Let a convolution's result be that of the packed weight. */
    private static void read(Graph graph, JitNode convolution, String attribute) {
        graph.setInsertPoint(convolution);
        JitNode weight = graph.create(
                Symbol.fromQualString("prim::GetAttr"),
                new ValueVector(graph.inputs().get(0)));
        weight.s_(Symbol.fromQualString("attr::name"), new BytePointer(attribute));
        JitNode numbers = graph.create(Symbol.fromQualString("prim::ListConstruct"));
        numbers.output()
                .setType(torch.parseSchema("limbeck::list(Scalar?[] numbers) -> ()")
                        .arguments()
                        .type());
        Value result = InferenceGraph.insert(
                graph,
                "mkldnn::_convolution_pointwise",
                convolution.input(0),
                graph.insertNode(weight).output(),
                convolution.input(2),
                convolution.input(4),
                convolution.input(3),
                convolution.input(5),
                InferenceGraph.number(graph, InferenceGraph.groups(convolution)),
                graph.insertConstant(new IValue("none")),
                graph.insertNode(numbers).output(),
                graph.insertConstant(new IValue()));
        convolution.output().replaceAllUsesWith(result);
    }
}
