package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.ScriptGraph;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Convert a TorchScript graph to ONNX (opset 17). The batch size is dynamic; values that depend on it are computed in
 * the graph.
 */
final class OnnxConversion extends OnnxRecurrence {
    OnnxConversion(OnnxBuilder onnx) {
        super(onnx);
    }

    /**
     * Convert all operations of a graph.
     *
     * @param inputs of the graph, in its order
     * @return output of the graph
     * @throws LimbeckException with the first unsupported operation and its location
     */
    Value convert(ScriptGraph graph, List<Value> inputs) {
        values.putAll(graph.constants());
        if (graph.inputs().size() != inputs.size()) {
            throw new LimbeckException("the module takes " + graph.inputs().size() + " inputs, expected "
                    + inputs.size() + ", as the data gives; export it with those");
        }
        for (int i = 0; i < inputs.size(); i++) values.put(graph.inputs().get(i), inputs.get(i));
        List<Node> nodes = graph.nodes();
        Aliases aliases = new Aliases();
        for (int i = 0; i < nodes.size(); i++) {
            Node node = nodes.get(i);
            try {
                aliases.follow(node);
                values.put(node.outputs().get(0), convert(node));
            } catch (Unsupported e) {
                throw new LimbeckException(
                        "operation " + (i + 1) + " of " + nodes.size() + ", " + node.op()
                                + (i == 0 ? "" : " after " + nodes.get(i - 1).op()) + ", can't be written as ONNX: "
                                + e.getMessage(),
                        e);
            }
        }
        if (aliases.isStale(graph.output())) {
            throw new LimbeckException("the module gives what an operation in place changed afterward; that can't be "
                    + "written as ONNX");
        }
        Object result = values.get(graph.output());
        if (result instanceof Value value) return value;
        throw new LimbeckException("the module must give a tensor to be exported");
    }

    private Object convert(Node node) {
        String op = node.op().replaceFirst("^aten::", "");
        // In-place operations are equal to others, unless the old value is read afterward: see Aliases.
        if (Aliases.isInPlace(node)) op = op.substring(0, op.length() - 1);
        return switch (op) {
            case "prim::ListConstruct" -> node.inputs().stream().map(this::any).toList();
            case "contiguous", "clone", "detach", "alias" -> any(node, 0);
            case "embedding" -> embedding(node);
            case "ne" -> unequal(node);
            case "dropout", "feature_dropout" -> {
                if (flag(node, 2)) throw new Unsupported("it is random; save the module in eval mode");
                yield value(node, 0);
            }
            case "to" -> sameType(node);
            case "relu", "sigmoid", "tanh", "exp", "log", "sqrt", "abs", "neg", "erf" ->
                same(node, capitalized(op), value(node, 0));
            case "hardswish" -> same(node, "HardSwish", value(node, 0));
            case "relu6" -> clip(value(node, 0), 0, 6);
            case "hardtanh" -> clip(value(node, 0), number(node, 1), number(node, 2));
            case "hardsigmoid" -> hardSigmoid(value(node, 0));
            case "clamp" ->
                clip(
                        value(node, 0),
                        orElse(node, 1, Double.NEGATIVE_INFINITY),
                        orElse(node, 2, Double.POSITIVE_INFINITY));
            case "clamp_min" -> clip(value(node, 0), number(node, 1), Double.POSITIVE_INFINITY);
            case "elu" -> {
                if (number(node, 2) != 1 || number(node, 3) != 1) throw new Unsupported("it has a scale");
                Value x = value(node, 0);
                yield x.named(onnx.node("Elu", List.of(x.name()), "alpha", number(node, 1)));
            }
            case "leaky_relu" -> leakyRelu(value(node, 0), number(node, 1));
            case "silu" -> silu(value(node, 0));
            case "gelu" -> gelu(node);
            case "add" -> sum(node, "Add");
            case "sub" -> sum(node, "Sub");
            case "rsub" -> {
                if (number(node, 2) != 1) throw new Unsupported("its factor is not 1");
                Value x = value(node, 0);
                String from = any(node, 1) instanceof Number number
                        ? onnx.scalar(number.doubleValue())
                        : value(node, 1).name();
                yield x.named(onnx.node("Sub", List.of(from, x.name())));
            }
            case "mul" -> pair(node, "Mul");
            case "pow" -> {
                Value x = value(node, 0);
                yield x.named(onnx.node("Pow", List.of(x.name(), onnx.scalar(number(node, 1)))));
            }
            case "div" -> {
                if (node.inputs().size() > 2) throw new Unsupported("it rounds");
                yield pair(node, "Div");
            }
            case "floordiv" -> count(onnx.node("Div", List.of(whole(node, 0), whole(node, 1))));
            case "size" -> count(onnx.node("Gather", List.of(shape(value(node, 0)), whole(node, 1)), "axis", 0));
            case "conv1d", "conv2d" -> convolution(node, 6);
            case "_convolution" -> {
                if (flag(node, 6)) throw new Unsupported("it is transposed");
                yield convolution(node, 8);
            }
            case "lstm" -> lstm(node);
            case "batch_norm" -> batchNorm(node);
            case "layer_norm" -> layerNorm(node);
            case "linear" -> linear(node);
            case "matmul", "bmm" -> product(value(node, 0), value(node, 1));
            case "max_pool2d" -> pool(node, "MaxPool", 4, flag(node, 5));
            case "avg_pool2d" -> pool(node, "AveragePool", -1, flag(node, 4));
            case "adaptive_avg_pool2d" -> adaptivePool(node);
            case "mean" -> reduced(node, "ReduceMean");
            case "amax" -> reduced(node, "ReduceMax");
            case "sum" -> reduced(node, "ReduceSum");
            case "softmax" -> axis(node, "Softmax");
            case "log_softmax" -> axis(node, "LogSoftmax");
            case "scaled_dot_product_attention" -> attention(node);
            case "fake_quantize_per_tensor_affine" -> rounded(node);
            default -> shaping(op, node);
        };
    }

    private Value same(Node node, String op, Value x) {
        return x.named(onnx.node(op, List.of(x.name())));
    }

    /** All computed values are float32, so a conversion to it has no effect, and others are not supported. */
    private Value sameType(Node node) {
        for (int at = 1; at < Math.min(3, node.inputs().size()); at++) {
            if (any(node, at) instanceof Long type && type != FLOAT32) {
                throw new Unsupported("it converts to another type than float32");
            }
        }
        return value(node, 0);
    }

    /** Truth values are 0 and 1 of float32, as all computed values are. */
    private Value unequal(Node node) {
        Value x = value(node, 0);
        String other = onnx.scalar(number(node, 1));
        String differs = onnx.node("Not", List.of(onnx.node("Equal", List.of(x.name(), other))));
        return x.named(onnx.node("Cast", List.of(differs), "to", OnnxBuilder.FLOAT));
    }

    private Value embedding(Node node) {
        if (!(any(node, 1) instanceof Value ids && ids.isInteger())) throw new Unsupported("its ids are computed");
        return new Value(onnx.node("Gather", List.of(tensor(node, 0), ids.name()), "axis", 0), ids.rank() + 1, -1, -1);
    }

    private Value rounded(Node node) {
        if (integer(node, 3) != 0 || integer(node, 4) != 255) throw new Unsupported("it rounds to other than 0 to 255");
        Value x = value(node, 0);
        return x.named(onnx.rounded(x.name(), number(node, 1), integer(node, 2)));
    }

    private static String capitalized(String op) {
        return Character.toUpperCase(op.charAt(0)) + op.substring(1);
    }

    private Value clip(Value x, double low, double high) {
        return x.named(onnx.node("Clip", List.of(x.name(), onnx.scalar(low), onnx.scalar(high))));
    }

    private double orElse(Node node, int at, double other) {
        return any(node, at) == ScriptGraph.NONE ? other : number(node, at);
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

    /** x·(1 + erf(x/√2))/2; opset 17 has no operator for it. */
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
        String name = onnx.node(op, List.of(x.name(), other));
        if (any(node, 1) instanceof Number || any(node, 1) instanceof Tensor constant && constant.dim() <= x.rank()) {
            return x.named(name);
        }
        Value y = value(node, 1);
        if (any(node, 0) instanceof Tensor || x.rank() < y.rank()) return y.named(name);
        if (x.rank() > y.rank()) return x.named(name);
        return new Value(name, x.rank(), common(x.height(), y.height()), common(x.width(), y.width()));
    }

    /** One that is 1 is repeated along the other, such as a gate; nothing is known where one is not. */
    private static long common(long side, long other) {
        return side < 0 || other < 0 ? -1 : Math.max(side, other);
    }

    private Value convolution(Node node, int groups) {
        Value x = value(node, 0);
        if (!(any(node, 1) instanceof Tensor weight)) throw new Unsupported("its weight is computed");
        List<String> inputs = new ArrayList<>(List.of(x.name(), weight(weight)));
        if (any(node, 2) instanceof Tensor bias) inputs.add(weight(bias));
        if (weight.dim() == 3) return steps(node, inputs, weight.size(2), integer(node, groups));
        long[] kernel = {weight.size(2), weight.size(3)};
        Window window = new Window(kernel, sides(node, 3), sides(node, 4), sides(node, 5));
        List<Object> attributes = window.attributes();
        attributes.addAll(List.of("dilations", window.dilation, "group", integer(node, groups)));
        return window.moved(x, onnx.node("Conv", inputs, attributes.toArray()), false);
    }

    /** Convolve N×in×length. */
    private Value steps(Node node, List<String> inputs, long kernel, long groups) {
        long[] padding = longs(node, 4);
        String name = onnx.node(
                "Conv",
                inputs,
                "kernel_shape",
                new long[] {kernel},
                "strides",
                longs(node, 3),
                "pads",
                new long[] {padding[0], padding[0]},
                "dilations",
                longs(node, 5),
                "group",
                groups);
        return new Value(name, 3, -1, -1);
    }

    /** What a convolution or a pooling moves over height and width. */
    private record Window(long[] kernel, long[] stride, long[] padding, long[] dilation) {
        List<Object> attributes() {
            long[] pads = {padding[0], padding[1], padding[0], padding[1]};
            return new ArrayList<>(List.of("kernel_shape", kernel, "strides", stride, "pads", pads));
        }

        Value moved(Value x, String name, boolean ceil) {
            return new Value(name, 4, moved(x.height(), 0, ceil), moved(x.width(), 1, ceil));
        }

        private long moved(long size, int side, boolean ceil) {
            if (size < 0) return -1;
            long room = size + 2 * padding[side] - dilation[side] * (kernel[side] - 1) - 1;
            return (ceil ? (room + stride[side] - 1) / stride[side] : room / stride[side]) + 1;
        }
    }

    private Value batchNorm(Node node) {
        if (flag(node, 5)) throw new Unsupported("it takes the batch's statistics; save the module in eval mode");
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

    private Value product(Value x, Value y) {
        int rank = Math.max(x.rank(), y.rank());
        if (x.rank() == 1) rank--;
        if (y.rank() != 1) return new Value(onnx.node("MatMul", List.of(x.name(), y.name())), rank, -1, -1);
        // A matrix of one column: ONNX Runtime 1.28 drops a transposition of x before a vector, without an error.
        String column = onnx.node("Unsqueeze", List.of(y.name(), onnx.integers(1)));
        String rows = onnx.node("MatMul", List.of(x.name(), column));
        return new Value(onnx.node("Squeeze", List.of(rows, onnx.integers(-1))), rank - 1, -1, -1);
    }

    private Value pool(Node node, String op, int dilationAt, boolean ceil) {
        Value x = value(node, 0);
        long[] kernel = sides(node, 1);
        long[] stride = list(node, 2).isEmpty() ? kernel : sides(node, 2);
        long[] dilation = dilationAt < 0 ? new long[] {1, 1} : sides(node, dilationAt);
        Window window = new Window(kernel, stride, sides(node, 3), dilation);
        List<Object> attributes = window.attributes();
        attributes.addAll(List.of("ceil_mode", ceil ? 1L : 0L));
        if (dilationAt >= 0) {
            attributes.addAll(List.of("dilations", dilation));
        } else {
            if (any(node, 6) != ScriptGraph.NONE) throw new Unsupported("it has a divisor of its own");
            attributes.addAll(List.of("count_include_pad", flag(node, 5) ? 1L : 0L));
        }
        return window.moved(x, onnx.node(op, List.of(x.name()), attributes.toArray()), ceil);
    }

    private Value adaptivePool(Node node) {
        Value x = value(node, 0);
        long[] size = sides(node, 1);
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
        // In this opset, only the sum takes its axes as an input.
        String name = op.equals("ReduceSum")
                ? onnx.node(op, List.of(x.name(), onnx.integers(axes)), "keepdims", keep ? 1L : 0L)
                : onnx.node(op, List.of(x.name()), "axes", axes, "keepdims", keep ? 1L : 0L);
        if (!keep) return new Value(name, x.rank() - axes.length, -1, -1);
        boolean ofMap = axes.length == 2 && Math.min(axes[0], axes[1]) == 2 && Math.max(axes[0], axes[1]) == 3;
        return ofMap ? new Value(name, x.rank(), 1, 1) : x.named(name).ranked(x.rank());
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
}
