package dev.limbeck.tensor;

import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Value;
import org.jspecify.annotations.Nullable;

/** Read constants of a TorchScript graph. */
final class GraphConstants {
    /** The attribute of a constant's node that holds it. */
    static final Symbol VALUE = Scope.retain(Symbol.fromQualString("attr::value"));

    private GraphConstants() {}

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
