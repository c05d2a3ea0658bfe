package dev.limbeck.tensor;

import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
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
 * call, which takes longer than to convolve one image, see {@code docs/performance.md}. The packed weights are a second copy. The first
 * image is computed twice, to pack them for its size. Images of another size run without: oneDNN would convert packed weights in each
 * call, in several times the time for grouped convolutions.
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
                    Scope.own(Objects.requireNonNull(GraphNodes.weight(convolution))),
                    GraphNodes.numbers(convolution.input(3)),
                    GraphNodes.numbers(convolution.input(4)),
                    GraphNodes.numbers(convolution.input(5)),
                    GraphNodes.groups(convolution));
        }

        Tensor packed(long height, long width) {
            return torch.mkldnn_reorder_conv2d_weight(
                    weight.to_mkldnn(), padding, stride, dilation, groups, 1, weight.size(1) * groups, height, width);
        }
    }

    private final List<Kernel> kernels;
    /** Returns dimensions, height and width of what each convolution reads. */
    private final JitModule measuring;
    /** Reads the packed weights from attributes: a graph that ran does not change, and its constants live as long as the script. */
    private final JitModule packed;

    /** The sizes of the inputs that weights are packed for; null before, and if they cannot be packed. */
    private @Nullable List<List<Long>> packedFor;

    private boolean tried;

    private PackedGraph(List<Kernel> kernels, JitModule measuring, JitModule packed) {
        this.kernels = kernels;
        this.measuring = Scope.retain(measuring);
        this.packed = Scope.retain(packed);
    }

    /**
     * Describe the packed graph of a frozen module. No other thread may freeze or clone modules of its script meanwhile: the engine crashes.
     *
     * @return null if it has no convolution that can be packed, or if this processor has a faster way
     */
    static @Nullable PackedGraph of(JitModule frozen) {
        if (!Convolution.AVX512
                || convolutions(frozen.get_method("forward").graph()).isEmpty()) return null;
        try (Scope scope = Scope.open()) {
            JitModule measuring = frozen.clone();
            measure(measuring.get_method("forward").graph());
            JitModule packed = frozen.clone();
            Graph graph = packed.get_method("forward").graph();
            List<JitNode> convolutions = convolutions(graph);
            for (int i = 0; i < convolutions.size(); i++) {
                packed.register_buffer(attribute(i), nothing());
                read(graph, convolutions.get(i), attribute(i));
            }
            List<Kernel> kernels = convolutions.stream().map(Kernel::of).toList();
            convolutions.forEach(JitNode::destroy);
            return new PackedGraph(kernels, measuring, packed);
        } catch (RuntimeException e) {
            LOG.debug("single images run without packed weights", e);
            return null;
        }
    }

    /**
     * Return the module that computes these inputs.
     *
     * @param plain for several rows, and where weights are not packed
     * @throws RuntimeException of the engine, if the network cannot compute these inputs
     */
    JitModule moduleFor(List<Tensor> inputs, JitModule plain) {
        boolean single =
                inputs.stream().allMatch(tensor -> tensor.dim() > 0 && tensor.size(0) == 1 && !tensor.is_cuda());
        return single && isPackedFor(inputs) ? packed : plain;
    }

    private synchronized boolean isPackedFor(List<Tensor> inputs) {
        List<List<Long>> shapes = inputs.stream()
                .map(tensor -> LongStream.of(tensor.shape()).boxed().toList())
                .toList();
        if (!tried && pack(sizes(inputs))) packedFor = shapes;
        tried = true;
        return shapes.equals(packedFor);
    }

    private long[] sizes(List<Tensor> inputs) {
        try (Scope scope = Scope.open()) {
            IValueVector copies = new IValueVector();
            // The script may change them.
            inputs.forEach(tensor -> copies.push_back(new IValue(tensor.clone())));
            return measuring.forward(copies).toIntVector().get();
        }
    }

    private boolean pack(long[] sizes) {
        try {
            for (int i = 0; i < kernels.size(); i++) {
                // Packed weights are for images with a dimension of rows.
                if (sizes[3 * i] != 4) return release();
                // Only one weight at a time is in memory three times.
                try (Scope one = Scope.open()) {
                    Tensor weight = kernels.get(i).packed(sizes[3 * i + 1], sizes[3 * i + 2]);
                    packed.setattr(attribute(i), new IValue(weight));
                }
            }
            return true;
        } catch (RuntimeException e) {
            // The engine converts the weights in each call.
            LOG.debug("single images run without packed weights", e);
            return release();
        }
    }

    private boolean release() {
        try (Scope scope = Scope.open()) {
            for (int i = 0; i < kernels.size(); i++) packed.setattr(attribute(i), new IValue(nothing()));
        }
        return false;
    }

    private static Tensor nothing() {
        return Tensors.zeros(DType.FLOAT32, 0);
    }

    @Override
    public void close() {
        kernels.forEach(kernel -> kernel.weight().close());
        measuring.close();
        packed.close();
    }

    private static String attribute(int kernel) {
        return "packed" + kernel;
    }

    private static List<JitNode> convolutions(Graph graph) {
        return GraphNodes.nodes(graph).stream().filter(PackedGraph::isFlat).toList();
    }

    /** Return whether a node is a convolution of two dimensions with constants. */
    private static boolean isFlat(JitNode node) {
        Tensor weight = GraphNodes.weight(node);
        return weight != null
                && weight.dim() == 4
                && IntStream.of(3, 4, 5).allMatch(at -> GraphNodes.numbers(node.input(at)).length == 2);
    }

    /** Let a graph return the sizes in place of the output. */
    private static void measure(Graph graph) {
        ValueVector sizes = new ValueVector();
        for (JitNode convolution : convolutions(graph)) {
            graph.setInsertPoint(convolution);
            Value x = convolution.input(0);
            Value height = InferenceGraph.number(graph, -2);
            Value width = InferenceGraph.number(graph, -1);
            sizes.push_back(InferenceGraph.insert(graph, "aten::dim", x).setType(height.type()));
            sizes.push_back(
                    InferenceGraph.insert(graph, "aten::size", x, height).setType(height.type()));
            sizes.push_back(InferenceGraph.insert(graph, "aten::size", x, width).setType(width.type()));
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
                InferenceGraph.number(graph, GraphNodes.groups(convolution)),
                graph.insertConstant(new IValue("none")),
                graph.insertNode(numbers).output(),
                graph.insertConstant(new IValue()));
        convolution.output().replaceAllUsesWith(result);
    }
}
