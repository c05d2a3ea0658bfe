package dev.limbeck.export;

import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Hold the converted results of a script's operations, as inputs of the next ones. */
abstract class Operands {
    /**
     * Hold a float32 tensor of the graph. Height and width are known if they follow from the input's, else −1.
     *
     * @param isInteger whether it is an input of integers instead
     */
    record Value(String name, int rank, long height, long width, boolean isInteger) {
        Value(String name, int rank, long height, long width) {
            this(name, rank, height, width, false);
        }

        Value named(String other) {
            return new Value(other, rank, height, width);
        }

        Value ranked(int other) {
            return new Value(name, other, -1, -1);
        }
    }

    /** Hold an integer computed in the graph: a 1-d int64 tensor of one element. */
    record Count(String name) {}

    /** Report an unsupported operation with the reason. */
    static final class Unsupported extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unsupported(String message) {
            super(message);
        }
    }

    final OnnxBuilder onnx;
    final Map<String, Object> values = new HashMap<>();
    private final Map<Tensor, String> weights = new HashMap<>();
    private final Map<String, String> floats = new HashMap<>();

    Operands(OnnxBuilder onnx) {
        this.onnx = onnx;
    }

    static Count count(String name) {
        return new Count(name);
    }

    final Object any(String name) {
        Object value = values.get(name);
        if (value == null) throw new Unsupported("it needs %" + name + ", which was not written");
        return value;
    }

    final Object any(Node node, int at) {
        if (at >= node.inputs().size()) throw new Unsupported("this form of it has no counterpart here");
        return any(node.inputs().get(at));
    }

    final Value value(Node node, int at) {
        return asValue(any(node, at));
    }

    /** Return a tensor for arithmetic; integers become float32, which is exact below 2²⁴. */
    final Value asValue(Object found) {
        if (found instanceof Value value) {
            if (!value.isInteger()) return value;
            return value.named(floats.computeIfAbsent(
                    value.name(), name -> onnx.node("Cast", List.of(name), "to", OnnxBuilder.FLOAT)));
        }
        if (found instanceof Tensor tensor) return new Value(weight(tensor), (int) tensor.dim(), -1, -1);
        throw new Unsupported("it needs a tensor, found " + words(found));
    }

    /** Describe what was found in place of something else. */
    static String words(Object found) {
        if (found instanceof Value) return "a computed tensor";
        if (found instanceof Tensor) return "a constant tensor";
        if (found instanceof Count) return "a size";
        return found instanceof List<?> ? "a list" : String.valueOf(found);
    }

    final String weight(Tensor tensor) {
        return weights.computeIfAbsent(tensor, onnx::weight);
    }

    final String tensor(Node node, int at) {
        if (any(node, at) instanceof Tensor tensor) return weight(tensor);
        throw new Unsupported("it needs a weight, found " + words(any(node, at)));
    }

    final double number(Node node, int at) {
        if (any(node, at) instanceof Number number) return number.doubleValue();
        throw new Unsupported("it needs a number, found " + words(any(node, at)));
    }

    final long integer(Node node, int at) {
        if (any(node, at) instanceof Long number) return number;
        throw new Unsupported("it needs a whole number, found " + words(any(node, at)));
    }

    /** Return an integer, constant or computed, as a 1-d tensor of one element. */
    final String whole(Node node, int at) {
        return any(node, at) instanceof Count count ? count.name() : onnx.integers(integer(node, at));
    }

    final boolean flag(Node node, int at) {
        return Boolean.TRUE.equals(any(node, at));
    }

    final List<?> list(Node node, int at) {
        if (any(node, at) instanceof List<?> list) return list;
        throw new Unsupported("it needs a list, found " + words(any(node, at)));
    }

    /** Return numbers for height and width; a single one is for both. */
    final long[] sides(Node node, int at) {
        long[] numbers = longs(node, at);
        return numbers.length == 1 ? new long[] {numbers[0], numbers[0]} : numbers;
    }

    final long[] longs(Node node, int at) {
        List<?> list = list(node, at);
        if (!list.stream().allMatch(item -> item instanceof Long)) throw new Unsupported("it needs known numbers");
        return list.stream().mapToLong(item -> (Long) item).toArray();
    }
}
