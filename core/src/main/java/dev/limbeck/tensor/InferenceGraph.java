package dev.limbeck.tensor;

import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Compute what a TorchScript module computes in eval mode, made for speed: batch norms folded into the convolutions before
 * them, weights constant, channels last, in bfloat16 where that is asked for (and no convolution reads a single channel, which
 * the engine gets wrong). The weights are copies; the module is neither changed nor needed afterwards. Close it.
 */
public final class InferenceGraph implements AutoCloseable {
    static {
        Engine.start();
    }

    private static final Symbol VALUE = Scope.keep(Symbol.fromQualString("attr::value"));

    private final JitModule frozen;
    private final Precision precision;
    private final boolean channelsLast;

    private InferenceGraph(JitModule frozen, Precision precision, boolean channelsLast) {
        this.channelsLast = channelsLast;
        this.frozen = Scope.keep(frozen);
        this.precision = precision;
    }

    static InferenceGraph of(JitModule module, Precision precision) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            JitModule frozen = torch.freeze(module);
            Graph graph = frozen.get_method("forward").graph();
            Precision right = precision;
            boolean last = true;
            JitNode stop = graph.return_node();
            for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next()) {
                if (readsOneChannel(node)) right = Precision.FP32;
                if (isConvolution(node)
                        && Convolution.isUntrusted(node.input(1).node().t(VALUE))) last = false;
            }
            for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next())
                layOut(node, right, last);
            return new InferenceGraph(frozen, right, last);
        }
    }

    /** Return whether a node is a convolution that the engine gets wrong in bfloat16, see {@link Convolution}. */
    private static boolean readsOneChannel(JitNode node) {
        if (!isConvolution(node)) return false;
        JitNode groups = node.input(6).node();
        return groups.hasAttribute(VALUE) && node.input(1).node().t(VALUE).size(1) == 1 && groups.i(VALUE) == 1;
    }

    /** Return whether a node is a convolution by a weight that is known. */
    private static boolean isConvolution(JitNode node) {
        return node.kind().toQualString().getString().equals("aten::conv2d")
                && node.input(1).node().hasAttribute(VALUE);
    }

    /** Give a weight the type and layout that it is used in; what is computed with it takes them over. */
    private static void layOut(JitNode node, Precision precision, boolean last) {
        if (!node.kind().toQualString().getString().equals("prim::Constant") || node.mustBeNone()) return;
        if (!node.hasAttribute(VALUE) || !node.kindOf(VALUE).toString().equals("t")) return;
        Tensor constant = node.t(VALUE);
        if (!DType.of(constant).isFloatingPoint()) return;
        Tensor copy = Tensors.copy(constant);
        Tensor typed = precision == Precision.BF16 ? Tensors.to(copy, DType.BFLOAT16) : copy;
        Tensor own = last ? Tensors.channelsLast(typed) : typed;
        node.output().inferTypeFrom(own);
        // Last: the binding moves the tensor out of its argument.
        node.t_(VALUE, own);
    }

    /** Compute the float32 output for a float32 input, without recording gradients. */
    public Tensor forward(Tensor x) {
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            Tensor input = precision == Precision.BF16 ? Tensors.to(x, DType.BFLOAT16) : x;
            IValueVector arguments = new IValueVector();
            arguments.push_back(new IValue(channelsLast ? Tensors.channelsLast(input) : input.contiguous()));
            // toTensor() points into the IValue, which dies with this scope; detach() makes an owner.
            return scope.handOut(
                    Tensors.inFull(frozen.forward(arguments).toTensor().detach()));
        }
    }

    @Override
    public void close() {
        frozen.close();
    }
}
