package dev.limbeck.tensor;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.jspecify.annotations.Nullable;

/** Read nodes and constants of a TorchScript graph. */
final class GraphNodes {
    /** The attribute of a constant's node that holds it. */
    static final Symbol VALUE = Scope.retain(Symbol.fromQualString("attr::value"));

    private GraphNodes() {}

    /** Return the nodes in their order, without those in blocks. They may be replaced while the list is read. */
    static List<JitNode> nodes(Graph graph) {
        List<JitNode> nodes = new ArrayList<>();
        JitNode stop = graph.return_node();
        for (JitNode node = graph.nodes().front(); !node.equals(stop); node = node.next()) nodes.add(node);
        return nodes;
    }

    /** Return a node's operation, such as {@code aten::conv2d}. */
    static String kind(JitNode node) {
        return node.kind().toQualString().getString();
    }

    /** Return the weight of a convolution; null for another node or a computed weight. */
    static @Nullable Tensor weight(JitNode node) {
        return groups(node) < 1 ? null : tensor(node.input(1));
    }

    /** Return the number of groups of a convolution, in scripted or traced form; −1 for another node or a computed number. */
    static long groups(JitNode node) {
        String kind = kind(node);
        if (kind.equals("aten::conv2d")) return whole(node.input(6));
        // The sixth argument is "transposed".
        return kind.equals("aten::_convolution") && is(node.input(6), 0) ? whole(node.input(8)) : -1;
    }

    /** Return a constant tensor; null for None and computed values. */
    static @Nullable Tensor tensor(Value value) {
        return is(value, "t") ? value.node().t(VALUE) : null;
    }

    /** Return a constant integer or flag; −1 for anything else. */
    static long whole(Value value) {
        return is(value, "i") ? value.node().i(VALUE) : -1;
    }

    /** Return whether a value is this constant integer or flag. */
    static boolean is(Value value, long expected) {
        return is(value, "i") && value.node().i(VALUE) == expected;
    }

    /** Return a constant list of integers; empty for anything else. */
    static long[] numbers(Value value) {
        if (!is(value, "ival")) return new long[0];
        IValue list = value.node().ival(VALUE);
        return list.isIntList() ? list.toIntVector().get() : new long[0];
    }

    private static boolean is(Value value, String kind) {
        JitNode node = value.node();
        return node.hasAttribute(VALUE) && node.kindOf(VALUE).toString().equals(kind);
    }
}
