package dev.limbeck.tensor;

import dev.limbeck.SharedUse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
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

/**
 * Run an optimized copy of a TorchScript module in evaluation mode: batch norms folded into convolutions, constant
 * weights, channels-last layout, and optionally bfloat16 (not with an LSTM, nor convolutions that {@link Convolution} keeps
 * in float32). Weights that are already as they are used are shared with the module, so they must not change; the module
 * is not changed and not needed afterward. One image may be computed in another way than several, see {@link SingleImage} and {@link PackedGraph}; they are
 * equal within rounding. Close it; closing waits for threads that compute with it.
 */
public final class InferenceGraph implements AutoCloseable {
    static {
        Engine.start();
    }

    private final JitModule frozen;
    private final Precision precision;
    private final @Nullable SingleImage single;
    private final @Nullable PackedGraph packed;
    private final SharedUse shared = new SharedUse();

    private InferenceGraph(JitModule frozen, Precision precision, @Nullable PackedGraph packed) {
        this.frozen = Scope.retain(frozen);
        this.precision = precision;
        this.packed = packed;
        single = precision == Precision.FP32
                ? SingleImage.of(frozen.get_method("forward").graph())
                : null;
    }

    /**
     * Optimize a module.
     *
     * @param products whether convolutions in a precision may be products, see {@link ProductGraph}
     */
    static InferenceGraph of(JitModule module, Precision precision, Predicate<Precision> products) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            JitModule frozen = torch.freeze(module);
            Graph graph = frozen.get_method("forward").graph();
            CallStacks.mend(graph);
            List<JitNode> nodes = new ArrayList<>();
            JitNode stop = graph.return_node();
            for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next()) nodes.add(node);
            Precision right = precision;
            for (JitNode node : nodes) {
                if (readsOneChannel(node) || isLstm(node)) right = Precision.FP32;
            }
            for (JitNode node : nodes) {
                // Only one weight at a time is duplicated.
                try (Scope one = Scope.open()) {
                    layOut(node, right);
                    if (right == Precision.BF16 && isOnePixel(node)) multiply(graph, node);
                }
            }
            PackedGraph packed = PackedGraph.of(frozen);
            if (products.test(right)) ProductGraph.replaceAll(graph, right);
            return new InferenceGraph(frozen, right, packed);
        }
    }

    /** Return whether a node is an LSTM, which the engine has in bfloat16 on few processors only. */
    private static boolean isLstm(JitNode node) {
        return node.kind().toQualString().getString().equals("aten::lstm");
    }

    /** Return the weight of a convolution; null for another node or a computed weight. */
    static @Nullable Tensor weight(JitNode node) {
        return groups(node) < 1 ? null : GraphConstants.tensor(node.input(1));
    }

    /** Return whether a node is a convolution of single channels, other than depthwise with one output a channel. */
    private static boolean readsOneChannel(JitNode node) {
        Tensor weight = weight(node);
        return weight != null && weight.size(1) == 1 && (groups(node) == 1 || weight.size(0) != groups(node));
    }

    /** Return whether a node is a 1×1 convolution, see {@link Convolution}. */
    private static boolean isOnePixel(JitNode node) {
        Tensor weight = weight(node);
        return weight != null
                && groups(node) == 1
                && !weight.is_cuda()
                && weight.dim() == 4
                && weight.size(2) * weight.size(3) == 1
                && Arrays.equals(GraphConstants.numbers(node.input(4)), new long[] {0, 0})
                && GraphConstants.numbers(node.input(3)).length == 2;
    }

    /** Return the number of groups of a convolution, in scripted or traced form; −1 for another node or a computed number. */
    static long groups(JitNode node) {
        String kind = node.kind().toQualString().getString();
        if (kind.equals("aten::conv2d")) return GraphConstants.whole(node.input(6));
        // The sixth argument is "transposed".
        return kind.equals("aten::_convolution") && GraphConstants.is(node.input(6), 0)
                ? GraphConstants.whole(node.input(8))
                : -1;
    }

    /** Replace a convolution by a product of every pixel's channels. */
    private static void multiply(Graph graph, JitNode convolution) {
        graph.setInsertPoint(convolution);
        JitNode weight = convolution.input(1).node();
        Tensor matrix =
                Objects.requireNonNull(GraphConstants.tensor(weight.output())).flatten(1, -1);
        Value x = convolution.input(0);
        long[] strides = GraphConstants.numbers(convolution.input(3));
        for (int i = 0; i < 2; i++) {
            if (strides[i] == 1) continue;
            Value none = graph.insertConstant(new IValue());
            x = insert(graph, "aten::slice", x, number(graph, 2 + i), none, none, number(graph, strides[i]));
        }
        x = insert(graph, "aten::movedim", x, number(graph, 1), number(graph, 3));
        // For the reason given in Convolution; does nothing to channels-last pixels that are not strided.
        x = insert(graph, "aten::contiguous", x, number(graph, 0));
        // Not the weight itself: other convolutions may share it.
        x = insert(graph, "aten::linear", x, graph.insertConstant(new IValue(matrix)), convolution.input(2));
        x = insert(graph, "aten::movedim", x, number(graph, 3), number(graph, 1));
        convolution.output().replaceAllUsesWith(x);
        convolution.destroy();
        if (!weight.output().hasUses()) weight.destroy();
    }

    static Value number(Graph graph, long value) {
        return graph.insertConstant(new IValue(value));
    }

    static Value insert(Graph graph, String operation, Value... inputs) {
        JitNode made = graph.create(Symbol.fromQualString(operation), new ValueVector(inputs));
        return graph.insertNode(made).output();
    }

    /** Convert a weight to the type and layout of its use. Derived constants inherit them. */
    private static void layOut(JitNode node, Precision precision) {
        if (!node.kind().toQualString().getString().equals("prim::Constant") || node.mustBeNone()) return;
        Tensor constant = GraphConstants.tensor(node.output());
        if (constant == null || !DType.of(constant).isFloatingPoint()) return;
        Tensor own =
                Tensors.channelsLast(precision == Precision.BF16 ? Tensors.to(constant, DType.BFLOAT16) : constant);
        if (own.is_same(constant)) return;
        node.output().inferTypeFrom(own);
        // Last, because the binding moves the tensor out of its argument.
        node.t_(GraphConstants.VALUE, own);
    }

    /** Return whether products are divided between two threads for these inputs. */
    boolean divides(Inputs inputs) {
        return single != null && single.takes(inputs);
    }

    /** Return whether an operation is part of the graph. */
    boolean has(String operation) {
        return frozen.get_method("forward").graph().toString().contains(operation + "(");
    }

    /** Release what was made for a single image, until the next one. No other thread may compute. */
    public void releaseSingleImages() {
        if (packed != null) packed.release();
    }

    /** Compute the float32 output for the only input, as {@link #forward(Inputs)} does. */
    public Tensor forward(Tensor x) {
        return forward(Inputs.of(x));
    }

    /** Compute the float32 output without recording gradients; inputs are passed in their order, floating-point ones in float32. */
    public Tensor forward(Inputs inputs) {
        try (SharedUse.Use use = shared.begin("the network is closed; open it again");
                Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            if (single != null && divides(inputs)) {
                return scope.promote(single.forward(Tensors.channelsLast(inputs.only())));
            }
            IValueVector arguments = new IValueVector();
            for (Tensor given : inputs.tensors().values()) {
                boolean rounded = precision == Precision.BF16 && DType.of(given).isFloatingPoint();
                Tensor input = rounded ? Tensors.to(given, DType.BFLOAT16) : given;
                arguments.push_back(new IValue(Tensors.channelsLast(input)));
            }
            // toTensor() points into the IValue, which dies with this scope; detach() makes an owner.
            JitModule alone = packed != null && PackedGraph.takes(inputs)
                    ? packed.module(arguments.get(0).toTensor())
                    : null;
            JitModule module = alone == null ? frozen : alone;
            return scope.promote(
                    Tensors.toFloat32(module.forward(arguments).toTensor().detach()));
        }
    }

    @Override
    public void close() {
        shared.close(() -> {
            if (single != null) single.close();
            if (packed != null) packed.close();
            frozen.close();
        });
    }
}
