package dev.limbeck.tensor;

import dev.limbeck.SharedUse;
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
 * is not changed and not needed afterward. One image may be computed in another way than several, see {@link SingleImage} and
 * {@link PackedGraph}; they are equal within rounding. Close it; closing waits for threads that compute with it.
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

    private InferenceGraph(
            JitModule frozen, Precision precision, @Nullable SingleImage single, @Nullable PackedGraph packed) {
        this.frozen = Scope.retain(frozen);
        this.precision = precision;
        this.single = single;
        this.packed = packed;
    }

    /**
     * Optimize a module.
     *
     * @param products whether convolutions in a precision may be products, see {@link ProductGraph}
     * @param singles whether single rows take a way of their own
     */
    static InferenceGraph of(JitModule module, Precision precision, Predicate<Precision> products, boolean singles) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            JitModule frozen = torch.freeze(module);
            Graph graph = frozen.get_method("forward").graph();
            CallStacks.mend(graph);
            List<JitNode> nodes = GraphNodes.nodes(graph);
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
            PackedGraph packed = singles ? PackedGraph.of(frozen) : null;
            SingleImage single = singles && right == Precision.FP32 ? SingleImage.of(graph) : null;
            InferenceGraph made = new InferenceGraph(frozen, right, single, packed);
            if (products.test(right)) ProductGraph.replaceAll(graph, right);
            return made;
        }
    }

    /** Return whether a node is an LSTM, which the engine has in bfloat16 on few processors only. */
    private static boolean isLstm(JitNode node) {
        return GraphNodes.kind(node).equals("aten::lstm");
    }

    /** Return whether a node is a convolution of single channels, other than depthwise with one output a channel. */
    private static boolean readsOneChannel(JitNode node) {
        Tensor weight = GraphNodes.weight(node);
        return weight != null
                && weight.size(1) == 1
                && (GraphNodes.groups(node) == 1 || weight.size(0) != GraphNodes.groups(node));
    }

    /** Return whether a node is a 1×1 convolution, see {@link Convolution}. */
    private static boolean isOnePixel(JitNode node) {
        Tensor weight = GraphNodes.weight(node);
        return weight != null
                && GraphNodes.groups(node) == 1
                && !weight.is_cuda()
                && weight.dim() == 4
                && weight.size(2) * weight.size(3) == 1
                && Arrays.equals(GraphNodes.numbers(node.input(4)), new long[] {0, 0})
                && GraphNodes.numbers(node.input(3)).length == 2;
    }

    /** Replace a convolution by a product of every pixel's channels. */
    private static void multiply(Graph graph, JitNode convolution) {
        graph.setInsertPoint(convolution);
        JitNode weight = convolution.input(1).node();
        Tensor matrix =
                Objects.requireNonNull(GraphNodes.tensor(weight.output())).flatten(1, -1);
        Value x = convolution.input(0);
        long[] strides = GraphNodes.numbers(convolution.input(3));
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
        if (!GraphNodes.kind(node).equals("prim::Constant") || node.mustBeNone()) return;
        Tensor constant = GraphNodes.tensor(node.output());
        if (constant == null || !DType.of(constant).isFloatingPoint()) return;
        Tensor own =
                Tensors.channelsLast(precision == Precision.BF16 ? Tensors.to(constant, DType.BFLOAT16) : constant);
        if (own.is_same(constant)) return;
        node.output().inferTypeFrom(own);
        // Last, because the binding moves the tensor out of its argument.
        node.t_(GraphNodes.VALUE, own);
    }

    /** Return whether products are divided between two threads for these inputs. */
    boolean divides(Inputs inputs) {
        return single != null && single.takes(inputs);
    }

    /** Return whether an operation is part of the graph. */
    boolean has(String operation) {
        return frozen.get_method("forward").graph().toString().contains(operation + "(");
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
            List<Tensor> arguments =
                    inputs.tensors().values().stream().map(this::argument).toList();
            JitModule module = packed == null ? frozen : packed.moduleFor(arguments, frozen);
            IValueVector values =
                    new IValueVector(arguments.stream().map(IValue::new).toArray(IValue[]::new));
            // toTensor() points into the IValue, which dies with this scope; detach() makes an owner.
            return scope.promote(
                    Tensors.toFloat32(module.forward(values).toTensor().detach()));
        }
    }

    private Tensor argument(Tensor given) {
        boolean rounded = precision == Precision.BF16 && DType.of(given).isFloatingPoint();
        return Tensors.channelsLast(rounded ? Tensors.to(given, DType.BFLOAT16) : given);
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
