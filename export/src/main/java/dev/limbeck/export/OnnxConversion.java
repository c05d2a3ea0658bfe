package dev.limbeck.export;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.ScriptGraph;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * Convert a TorchScript graph to ONNX (opset 17). The batch size is dynamic; values that depend on it are computed in
 * the graph.
 */
final class OnnxConversion extends OnnxWindows {
    /** Operations that only say something. */
    private static final Set<String> SILENT = Set.of("prim::Print", "aten::warn");

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
            if (SILENT.contains(node.op())) continue;
            try {
                if (node.outputs().isEmpty()) throw new Unsupported("it gives no value");
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
                yield pair("Sub", any(node, 1), any(node, 0));
            }
            case "mul" -> pair("Mul", any(node, 0), any(node, 1));
            case "pow" -> {
                Value x = value(node, 0);
                yield x.named(onnx.node("Pow", List.of(x.name(), onnx.scalar(number(node, 1)))));
            }
            case "div" -> {
                if (node.inputs().size() > 2) throw new Unsupported("it rounds");
                yield pair("Div", any(node, 0), any(node, 1));
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
        return pair(op, any(node, 0), any(node, 1));
    }

    /** Compute from two values, of which the one of fewer or shorter dimensions is repeated along the other. */
    private Value pair(String op, Object first, Object second) {
        Value x = operand(first);
        Value y = operand(second);
        String name = onnx.node(op, List.of(x.name(), y.name()));
        int rank = Math.max(x.rank(), y.rank());
        if (rank != 4) return new Value(name, rank, -1, -1);
        return new Value(
                name,
                rank,
                common(side(first, x, 2), side(second, y, 2)),
                common(side(first, x, 1), side(second, y, 1)));
    }

    private Value operand(Object found) {
        return found instanceof Number number
                ? new Value(onnx.scalar(number.doubleValue()), 0, -1, -1)
                : asValue(found);
    }

    /** Return a size, counted from the last dimension, which has number 1; −1 if it is unknown. */
    private static long side(Object found, Value value, int fromEnd) {
        if (value.rank() < fromEnd) return 1;
        if (found instanceof Tensor constant) return constant.size(constant.dim() - fromEnd);
        if (value.rank() != 4) return -1;
        return fromEnd == 2 ? value.height() : value.width();
    }

    /** A side of 1 is repeated along the other, such as a gate's; so a known longer one is the result's. */
    private static long common(long side, long other) {
        if (side > 1) return side;
        return side == 1 || other > 1 ? other : -1;
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
        Value product = product(x, asValue(weight.t()));
        return any(node, 2) == ScriptGraph.NONE ? product : pair("Add", product, any(node, 2));
    }

    private Value product(Value x, Value y) {
        int rank = Math.max(2, Math.max(x.rank(), y.rank()));
        if (x.rank() == 1) rank--;
        if (y.rank() != 1) return new Value(onnx.node("MatMul", List.of(x.name(), y.name())), rank, -1, -1);
        // A matrix of one column: ONNX Runtime 1.28 drops a transposition of x before a vector, without an error.
        String column = onnx.node("Unsqueeze", List.of(y.name(), onnx.integers(1)));
        String rows = onnx.node("MatMul", List.of(x.name(), column));
        return new Value(onnx.node("Squeeze", List.of(rows, onnx.integers(-1))), rank - 1, -1, -1);
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
        if (number(node, 4) > 0) throw new Unsupported("it is random; save the module in eval mode");
        if (node.inputs().size() > 7 && flag(node, 7)) throw new Unsupported("its heads share keys (enable_gqa)");
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
