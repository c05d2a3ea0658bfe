package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.ScriptGraph;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Turn the operations of a TorchScript graph into those of ONNX (opset 17). Batches may have any size; numbers that depend on
 * it are computed in the graph.
 */
final class OnnxConversion extends Operands {
    OnnxConversion(OnnxBuilder onnx) {
        super(onnx);
    }

    /**
     * Write all operations of a graph.
     *
     * @param input what the graph computes with
     * @return what it comes to
     * @throws LimbeckException naming the first operation that has no counterpart, and its place
     */
    Value convert(ScriptGraph graph, Value input) {
        values.putAll(graph.constants());
        values.put(graph.input(), input);
        List<Node> nodes = graph.nodes();
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            try {
                values.put(node.outputs().get(0), convert(node));
            } catch (Unsupported e) {
                throw new LimbeckException(
                        "operation " + (i + 1) + " of " + nodes.size() + ", " + node.op()
                                + (i == 0 ? "" : " after " + nodes.get(i - 1).op()) + ", can't be written as ONNX: "
                                + e.getMessage(),
                        e);
            }
        }
        Object result = values.get(graph.output());
        if (result instanceof Value value) return value;
        throw new LimbeckException("the module must give a tensor to be exported");
    }

    private Object convert(Node node) {
        String op = node.op().replaceFirst("^aten::", "");
        // In place or not is the same in a graph of values.
        if (op.endsWith("_") && !op.startsWith("_")) op = op.substring(0, op.length() - 1);
        return switch (op) {
            case "prim::ListConstruct" -> node.inputs().stream().map(this::any).toList();
            case "dropout", "feature_dropout", "contiguous", "clone", "detach", "alias", "to" -> value(node, 0);
            case "relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "neg", "erf" ->
                same(node, capitalized(op), value(node, 0));
            case "hardswish" -> same(node, "HardSwish", value(node, 0));
            case "relu6" -> clip(value(node, 0), 0, 6);
            case "hardtanh" -> clip(value(node, 0), number(node, 1), number(node, 2));
            case "hardsigmoid" -> hardSigmoid(value(node, 0));
            case "leaky_relu" -> leakyRelu(value(node, 0), number(node, 1));
            case "silu" -> silu(value(node, 0));
            case "gelu" -> gelu(node);
            case "add" -> sum(node, "Add");
            case "sub" -> sum(node, "Sub");
            case "mul" -> pair(node, "Mul");
            case "div" -> pair(node, "Div");
            case "floordiv" -> count(onnx.node("Div", List.of(whole(node, 0), whole(node, 1))));
            case "size" -> count(onnx.node("Gather", List.of(shape(value(node, 0)), whole(node, 1)), "axis", 0));
            case "conv2d" -> convolution(node, 6);
            case "_convolution" -> {
                if (flag(node, 6)) throw new Unsupported("it is transposed");
                yield convolution(node, 8);
            }
            case "batch_norm" -> batchNorm(node);
            case "layer_norm" -> layerNorm(node);
            case "linear" -> linear(node);
            case "matmul", "bmm" ->
                new Value(
                        onnx.node(
                                "MatMul",
                                List.of(value(node, 0).name(), value(node, 1).name())),
                        Math.max(value(node, 0).rank(), value(node, 1).rank()),
                        -1,
                        -1);
            case "max_pool2d" -> pool(node, "MaxPool", 4, flag(node, 5));
            case "avg_pool2d" -> pool(node, "AveragePool", -1, flag(node, 4));
            case "adaptive_avg_pool2d" -> adaptivePool(node);
            case "mean" -> reduced(node, "ReduceMean");
            case "amax" -> reduced(node, "ReduceMax");
            case "softmax" -> axis(node, "Softmax");
            case "log_softmax" -> axis(node, "LogSoftmax");
            case "scaled_dot_product_attention" -> attention(node);
            default -> shaping(op, node);
        };
    }

    /** Convert what moves elements without computing. */
    private Object shaping(String op, Node node) {
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
            case "t" -> transpose(value(node, 0), 0, 1);
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
            case "narrow" -> slice(node, whole(node, 2), onnx.node("Add", List.of(whole(node, 2), whole(node, 3))), 1);
            case "cat" -> concat(node);
            case "constant_pad_nd" -> pad(node);
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

    private Value same(Node node, String op, Value x) {
        return x.named(onnx.node(op, List.of(x.name())));
    }

    private static String capitalized(String op) {
        return Character.toUpperCase(op.charAt(0)) + op.substring(1);
    }

    private Value clip(Value x, double low, double high) {
        return x.named(onnx.node("Clip", List.of(x.name(), onnx.scalar(low), onnx.scalar(high))));
    }

    private Value hardSigmoid(Value x) {
        return x.named(onnx.node("HardSigmoid", List.of(x.name()), "alpha", 1.0 / 6, "beta", 0.5));
    }

    private Value leakyRelu(Value x, double slope) {
        return x.named(onnx.node("LeakyRelu", List.of(x.name()), "alpha", slope));
    }

    private Value silu(Value x) {
        return x.named(onnx.node("Mul", List.of(x.name(), onnx.node("Sigmoid", List.of(x.name())))));
    }

    /** x·(1 + erf(x/√2))/2, which opset 17 has no word for. */
    private Value gelu(Node node) {
        if (node.inputs().size() > 1 && "tanh".equals(any(node, 1))) throw new Unsupported("it is the tanh form");
        Value x = value(node, 0);
        String erf = onnx.node("Erf", List.of(onnx.node("Mul", List.of(x.name(), onnx.scalar(Math.sqrt(0.5))))));
        String half = onnx.node("Mul", List.of(x.name(), onnx.scalar(0.5)));
        return x.named(onnx.node("Mul", List.of(half, onnx.node("Add", List.of(erf, onnx.scalar(1))))));
    }

    private Value sum(Node node, String op) {
        if (node.inputs().size() > 2 && number(node, 2) != 1) throw new Unsupported("its factor is not 1");
        return pair(node, op);
    }

    private Value pair(Node node, String op) {
        Value x = value(node, 0);
        String other = any(node, 1) instanceof Number number
                ? onnx.scalar(number.doubleValue())
                : value(node, 1).name();
        int rank = any(node, 1) instanceof Number
                ? x.rank()
                : Math.max(x.rank(), value(node, 1).rank());
        String name = onnx.node(op, List.of(x.name(), other));
        // The one with the larger map says what comes out, such as features that are scaled by 1×1 gates.
        Value wider = !(any(node, 1) instanceof Number) && value(node, 1).height() > x.height() ? value(node, 1) : x;
        return new Value(name, rank, wider.height(), wider.width());
    }

    private Value convolution(Node node, int groups) {
        Value x = value(node, 0);
        if (!(any(node, 1) instanceof Tensor weight)) throw new Unsupported("its weight is computed");
        long[] stride = longs(node, 3);
        long[] padding = longs(node, 4);
        long[] dilation = longs(node, 5);
        List<String> inputs = new ArrayList<>(List.of(x.name(), weight(weight)));
        if (any(node, 2) instanceof Tensor bias) inputs.add(weight(bias));
        long[] kernel = {weight.size(2), weight.size(3)};
        String name = onnx.node(
                "Conv",
                inputs,
                "kernel_shape",
                kernel,
                "strides",
                stride,
                "pads",
                new long[] {padding[0], padding[1], padding[0], padding[1]},
                "dilations",
                dilation,
                "group",
                integer(node, groups));
        return new Value(
                name,
                4,
                moved(x.height(), kernel[0], stride[0], padding[0], dilation[0], false),
                moved(x.width(), kernel[1], stride[1], padding[1], dilation[1], false));
    }

    private static long moved(long size, long kernel, long stride, long padding, long dilation, boolean ceil) {
        if (size < 0) return -1;
        long room = size + 2 * padding - dilation * (kernel - 1) - 1;
        return (ceil ? (room + stride - 1) / stride : room / stride) + 1;
    }

    private Value batchNorm(Node node) {
        Value x = value(node, 0);
        return x.named(onnx.node(
                "BatchNormalization",
                List.of(x.name(), tensor(node, 1), tensor(node, 2), tensor(node, 3), tensor(node, 4)),
                "epsilon",
                number(node, 7)));
    }

    private Value layerNorm(Node node) {
        Value x = value(node, 0);
        return x.named(onnx.node(
                "LayerNormalization",
                List.of(x.name(), tensor(node, 2), tensor(node, 3)),
                "axis",
                -(long) list(node, 1).size(),
                "epsilon",
                number(node, 4)));
    }

    private Value linear(Node node) {
        Value x = value(node, 0);
        if (!(any(node, 1) instanceof Tensor weight)) throw new Unsupported("its weight is computed");
        String product = onnx.node("MatMul", List.of(x.name(), weight(weight.t())));
        if (!(any(node, 2) instanceof Tensor)) return x.named(product);
        return x.named(onnx.node("Add", List.of(product, tensor(node, 2))));
    }

    private Value pool(Node node, String op, int dilationAt, boolean ceil) {
        Value x = value(node, 0);
        long[] kernel = longs(node, 1);
        long[] stride = list(node, 2).isEmpty() ? kernel : longs(node, 2);
        long[] padding = longs(node, 3);
        long[] dilation = dilationAt < 0 ? new long[] {1, 1} : longs(node, dilationAt);
        List<Object> attributes = new ArrayList<>(List.of(
                "kernel_shape",
                kernel,
                "strides",
                stride,
                "pads",
                new long[] {padding[0], padding[1], padding[0], padding[1]},
                "ceil_mode",
                ceil ? 1L : 0L));
        if (dilationAt >= 0) {
            attributes.addAll(List.of("dilations", dilation));
        } else {
            if (any(node, 6) != ScriptGraph.NONE) throw new Unsupported("it has a divisor of its own");
            attributes.addAll(List.of("count_include_pad", flag(node, 5) ? 1L : 0L));
        }
        return new Value(
                onnx.node(op, List.of(x.name()), attributes.toArray()),
                4,
                moved(x.height(), kernel[0], stride[0], padding[0], dilation[0], ceil),
                moved(x.width(), kernel[1], stride[1], padding[1], dilation[1], ceil));
    }

    private Value adaptivePool(Node node) {
        Value x = value(node, 0);
        long[] size = longs(node, 1);
        if (size[0] == 1 && size[1] == 1) {
            return new Value(onnx.node("GlobalAveragePool", List.of(x.name())), 4, 1, 1);
        }
        if (x.height() < 0 || x.height() % size[0] != 0 || x.width() % size[1] != 0) {
            throw new Unsupported("pooling " + x.height() + "×" + x.width() + " to " + size[0] + "×" + size[1]
                    + " has no equal parts; use another image size");
        }
        long[] kernel = {x.height() / size[0], x.width() / size[1]};
        if (kernel[0] == 1 && kernel[1] == 1) return x;
        return new Value(
                onnx.node("AveragePool", List.of(x.name()), "kernel_shape", kernel, "strides", kernel),
                4,
                size[0],
                size[1]);
    }

    private Value reduced(Node node, String op) {
        Value x = value(node, 0);
        long[] axes = longs(node, 1);
        boolean keep = flag(node, 2);
        for (int i = 0; i < axes.length; i++) axes[i] = positive(axes[i], x.rank());
        String name = onnx.node(op, List.of(x.name()), "axes", axes, "keepdims", keep ? 1L : 0L);
        return new Value(name, keep ? x.rank() : x.rank() - axes.length, keep ? 1 : -1, keep ? 1 : -1);
    }

    private Value axis(Node node, String op) {
        Value x = value(node, 0);
        return x.named(onnx.node(op, List.of(x.name()), "axis", integer(node, 1)));
    }

    private Value attention(Node node) {
        boolean plain = any(node, 3) == ScriptGraph.NONE && !flag(node, 5) && any(node, 6) == ScriptGraph.NONE;
        if (!plain) throw new Unsupported("it has a mask or a scale");
        Value query = value(node, 0);
        Value key = value(node, 1);
        String width = onnx.node("Gather", List.of(shape(query), onnx.integers(query.rank() - 1)), "axis", 0);
        String root = onnx.node("Sqrt", List.of(onnx.node("Cast", List.of(width), "to", 1)));
        String products = onnx.node(
                "MatMul",
                List.of(
                        query.name(),
                        transpose(key, key.rank() - 2, key.rank() - 1).name()));
        String shares = onnx.node("Softmax", List.of(onnx.node("Div", List.of(products, root))), "axis", -1);
        return new Value(onnx.node("MatMul", List.of(shares, value(node, 2).name())), query.rank(), -1, -1);
    }

    private Value flatten(Node node) {
        Value x = value(node, 0);
        int from = (int) positive(integer(node, 1), x.rank());
        int to = (int) positive(integer(node, 2), x.rank());
        int rank = x.rank() - (to - from);
        if (to == x.rank() - 1) {
            long[] shape = new long[from + 1];
            shape[from] = -1; // the others, 0, are taken over
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

    private Value transpose(Value x, long first, long second) {
        long[] order = new long[x.rank()];
        for (int i = 0; i < order.length; i++) order[i] = i;
        int a = (int) positive(first, x.rank());
        int b = (int) positive(second, x.rank());
        order[a] = b;
        order[b] = a;
        return x.named(onnx.node("Transpose", List.of(x.name()), "perm", order)).ranked(x.rank());
    }

    private Value slice(Node node, String start, String end, long step) {
        Value x = value(node, 0);
        long axis = positive(integer(node, 1), x.rank());
        String name = onnx.node("Slice", List.of(x.name(), start, end, onnx.integers(axis), onnx.integers(step)));
        if (axis < 2 || x.rank() != 4) return x.named(name);
        boolean whole = any(node, 2) == ScriptGraph.NONE && any(node, 3) == ScriptGraph.NONE;
        long height = axis == 2 ? (x.height() + step - 1) / step : x.height();
        long width = axis == 3 ? (x.width() + step - 1) / step : x.width();
        return whole && x.height() > 0
                ? new Value(name, 4, height, width)
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

    /** The engine counts from the last dimension on, before and behind; ONNX lists all before, then all behind. */
    private Value pad(Node node) {
        Value x = value(node, 0);
        long[] ours = longs(node, 1);
        long[] pads = new long[2 * x.rank()];
        for (int i = 0; i < ours.length / 2; i++) {
            int axis = x.rank() - 1 - i;
            pads[axis] = ours[2 * i];
            pads[x.rank() + axis] = ours[2 * i + 1];
        }
        String name = onnx.node("Pad", List.of(x.name(), onnx.integers(pads), onnx.scalar(number(node, 2))));
        boolean moved = x.rank() == 4 && (pads[2] + pads[3] + pads[6] + pads[7] > 0);
        return moved
                ? new Value(name, 4, x.height() + pads[2] + pads[6], x.width() + pads[3] + pads[7])
                : x.named(name);
    }

    private String shape(Value x) {
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
            else throw new Unsupported("a size is " + size);
        }
        return onnx.node("Concat", parts, "axis", 0);
    }

    private static long positive(long axis, int rank) {
        return axis < 0 ? axis + rank : axis;
    }
}
