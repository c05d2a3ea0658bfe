package dev.limbeck.export;

import dev.limbeck.tensor.ScriptGraph;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.ArrayList;
import java.util.List;

/** Convert operations that move, cut or join elements without computing. */
abstract class OnnxShaping extends Operands {
    /** TorchScript's number of this type. */
    static final long FLOAT32 = 6;

    OnnxShaping(OnnxBuilder onnx) {
        super(onnx);
    }

    /** Convert one of them, or report that it is not supported. */
    final Object shaping(String op, Node node) {
        return switch (op) {
            case "flatten" -> flatten(node);
            case "reshape", "view" -> {
                List<?> sizes = list(node, 1);
                yield new Value(
                        onnx.node("Reshape", List.of(value(node, 0).name(), shape(sizes, -1))), sizes.size(), -1, -1);
            }
            case "expand" -> {
                List<?> sizes = list(node, 1);
                yield new Value(
                        onnx.node("Expand", List.of(value(node, 0).name(), shape(sizes, 1))), sizes.size(), -1, -1);
            }
            case "permute" -> {
                Value x = value(node, 0);
                long[] order = longs(node, 1);
                for (int i = 0; i < order.length; i++) order[i] = positive(order[i], x.rank());
                yield x.named(onnx.node("Transpose", List.of(x.name()), "perm", order))
                        .ranked(x.rank());
            }
            case "transpose" -> transpose(value(node, 0), integer(node, 1), integer(node, 2));
            case "t" -> {
                Value x = value(node, 0);
                yield x.rank() < 2 ? x : transpose(x, 0, 1);
            }
            case "select" -> {
                Value x = value(node, 0);
                long axis = positive(integer(node, 1), x.rank());
                String rows = onnx.node("Gather", List.of(x.name(), onnx.integers(integer(node, 2))), "axis", axis);
                yield x.named(onnx.node("Squeeze", List.of(rows, onnx.integers(axis))))
                        .ranked(x.rank() - 1);
            }
            case "slice" ->
                slice(
                        node,
                        any(node, 2) == ScriptGraph.NONE ? onnx.integers(0) : whole(node, 2),
                        any(node, 3) == ScriptGraph.NONE ? onnx.integers(Long.MAX_VALUE) : whole(node, 3),
                        integer(node, 4));
            case "narrow" -> narrow(node);
            case "cat" -> concat(node);
            case "zeros" -> zeros(node, 0);
            case "new_zeros" -> zeros(node, 1);
            case "constant_pad_nd" -> pad(node, number(node, 2));
            case "pad" -> {
                if (!"constant".equals(any(node, 2))) throw new Unsupported("its mode is " + words(any(node, 2)));
                yield pad(node, any(node, 3) == ScriptGraph.NONE ? 0 : number(node, 3));
            }
            case "unsqueeze" -> {
                Value x = value(node, 0);
                long axis = positive(integer(node, 1), x.rank() + 1);
                yield x.named(onnx.node("Unsqueeze", List.of(x.name(), onnx.integers(axis))))
                        .ranked(x.rank() + 1);
            }
            case "squeeze" -> {
                Value x = value(node, 0);
                yield x.named(onnx.node(
                                "Squeeze", List.of(x.name(), onnx.integers(positive(integer(node, 1), x.rank())))))
                        .ranked(x.rank() - 1);
            }
            default -> throw new Unsupported("there is no counterpart for it here");
        };
    }

    private Value zeros(Node node, int sizesAt) {
        if (any(node, sizesAt + 1) instanceof Long type && type != FLOAT32) {
            throw new Unsupported("it makes another type than float32");
        }
        List<?> sizes = list(node, sizesAt);
        return new Value(onnx.node("ConstantOfShape", List.of(shape(sizes, -1))), sizes.size(), -1, -1);
    }

    private Value flatten(Node node) {
        Value x = value(node, 0);
        int from = (int) positive(integer(node, 1), x.rank());
        int to = (int) positive(integer(node, 2), x.rank());
        int rank = x.rank() - (to - from);
        if (to == x.rank() - 1) {
            long[] shape = new long[from + 1];
            shape[from] = -1; // the others, 0, are copied
            return new Value(onnx.node("Reshape", List.of(x.name(), onnx.integers(shape))), rank, -1, -1);
        }
        String behind = onnx.node(
                "Slice",
                List.of(shape(x), onnx.integers(to + 1), onnx.integers(x.rank()), onnx.integers(0), onnx.integers(1)));
        long[] before = new long[from + 1];
        before[from] = -1;
        String shape = onnx.node("Concat", List.of(onnx.integers(before), behind), "axis", 0);
        return new Value(onnx.node("Reshape", List.of(x.name(), shape)), rank, -1, -1);
    }

    final Value transpose(Value x, long first, long second) {
        long[] order = new long[x.rank()];
        for (int i = 0; i < order.length; i++) order[i] = i;
        int a = (int) positive(first, x.rank());
        int b = (int) positive(second, x.rank());
        order[a] = b;
        order[b] = a;
        return x.named(onnx.node("Transpose", List.of(x.name()), "perm", order)).ranked(x.rank());
    }

    private Value narrow(Node node) {
        String start = whole(node, 2);
        if (any(node, 2) instanceof Long number && number < 0) {
            // From the beginning, since an end of 0 is not behind the last element.
            Value x = value(node, 0);
            String axis = onnx.integers(positive(integer(node, 1), x.rank()));
            String size = onnx.node("Gather", List.of(shape(x), axis), "axis", 0);
            start = onnx.node("Add", List.of(size, start));
        }
        return slice(node, start, onnx.node("Add", List.of(start, whole(node, 3))), 1);
    }

    private Value slice(Node node, String start, String end, long step) {
        Value x = value(node, 0);
        long axis = positive(integer(node, 1), x.rank());
        String name = onnx.node("Slice", List.of(x.name(), start, end, onnx.integers(axis), onnx.integers(step)));
        if (axis < 2 || x.rank() != 4) return x.named(name);
        boolean whole = any(node, 2) == ScriptGraph.NONE && any(node, 3) == ScriptGraph.NONE;
        return whole
                ? new Value(
                        name, 4, strided(x.height(), axis == 2 ? step : 1), strided(x.width(), axis == 3 ? step : 1))
                : x.named(name).ranked(4);
    }

    private Value concat(Node node) {
        List<String> names = new ArrayList<>();
        Value first = null;
        for (Object part : list(node, 0)) {
            Value value = asValue(part);
            if (first == null) first = value;
            names.add(value.name());
        }
        if (first == null) throw new Unsupported("there is nothing to join");
        long axis = positive(integer(node, 1), first.rank());
        String name = onnx.node("Concat", names, "axis", axis);
        return axis <= 1 ? first.named(name) : first.named(name).ranked(first.rank());
    }

    /** The engine pads from the last dimension on, before and after; ONNX lists all "before", then all "after". */
    private Value pad(Node node, double filling) {
        Value x = value(node, 0);
        long[] ours = longs(node, 1);
        long[] pads = new long[2 * x.rank()];
        for (int i = 0; i < ours.length / 2; i++) {
            int axis = x.rank() - 1 - i;
            pads[axis] = ours[2 * i];
            pads[x.rank() + axis] = ours[2 * i + 1];
        }
        String name = onnx.node("Pad", List.of(x.name(), onnx.integers(pads), onnx.scalar(filling)));
        return x.rank() == 4
                ? new Value(name, 4, longer(x.height(), pads[2] + pads[6]), longer(x.width(), pads[3] + pads[7]))
                : x.named(name);
    }

    private static long strided(long side, long step) {
        return side < 0 ? side : (side + step - 1) / step;
    }

    private static long longer(long side, long by) {
        return side < 0 ? side : side + by;
    }

    final String shape(Value x) {
        return onnx.node("Shape", List.of(x.name()));
    }

    /** Write sizes as one tensor; −1 becomes {@code rest}. */
    private String shape(List<?> sizes, long rest) {
        if (sizes.stream().allMatch(size -> size instanceof Long)) {
            return onnx.integers(sizes.stream()
                    .mapToLong(size -> (Long) size)
                    .map(size -> size == -1 ? rest : size)
                    .toArray());
        }
        List<String> parts = new ArrayList<>();
        for (Object size : sizes) {
            if (size instanceof Count count) parts.add(count.name());
            else if (size instanceof Long number) parts.add(onnx.integers(number == -1 ? rest : number));
            else throw new Unsupported("a size is " + words(size));
        }
        return onnx.node("Concat", parts, "axis", 0);
    }

    static long positive(long axis, int rank) {
        return axis < 0 ? axis + rank : axis;
    }
}
