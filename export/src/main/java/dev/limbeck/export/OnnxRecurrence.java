package dev.limbeck.export;

import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.ScriptGraph.Node;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** Convert recurrent layers. */
abstract class OnnxRecurrence extends OnnxShaping {
    private static final int GATES = 4;
    /** ONNX's order of the gates, in PyTorch's: input, output, forget, cell. */
    private static final int[] ORDER = {0, 3, 1, 2};

    OnnxRecurrence(OnnxBuilder onnx) {
        super(onnx);
    }

    /** Convert {@code aten::lstm} of padded rows: layers of one or two directions, in evaluation mode. Only the steps' outputs are kept. */
    final Value lstm(Node node) {
        if (!(any(node, 1) instanceof List<?> start && start.size() == 2)) throw new Unsupported("its rows are packed");
        List<?> weights = list(node, 2);
        int layers = Math.toIntExact(integer(node, 4));
        int directions = flag(node, 7) ? 2 : 1;
        int each = flag(node, 3) ? 4 : 2;
        if (weights.size() != layers * directions * each) throw new Unsupported("it projects its outputs");
        if (flag(node, 6) && number(node, 5) > 0) throw new Unsupported("it is random; save the module in eval mode");
        boolean batchFirst = flag(node, 8);
        Value x = value(node, 0);
        if (batchFirst) x = transpose(x, 0, 1);
        for (int layer = 0; layer < layers; layer++) {
            int from = layer * directions;
            List<Direction> all = new ArrayList<>();
            for (int d = from; d < from + directions; d++) {
                all.add(Direction.of(weights.subList(d * each, (d + 1) * each)));
            }
            x = layer(x, all, part(start.get(0), from, directions), part(start.get(1), from, directions));
        }
        return batchFirst ? transpose(x, 0, 1) : x;
    }

    /** Return the part of the initial states, layers·directions×N×width, that one layer has. */
    private String part(Object states, int from, int count) {
        return onnx.node(
                "Slice",
                List.of(asValue(states).name(), onnx.integers(from), onnx.integers(from + count), onnx.integers(0)));
    }

    private Value layer(Value x, List<Direction> directions, String hidden, String cells) {
        List<String> inputs = new ArrayList<>(List.of(
                x.name(),
                joined(directions.stream().map(Direction::input).toList()),
                joined(directions.stream().map(Direction::hidden).toList()),
                joined(directions.stream().map(Direction::biases).toList())));
        inputs.addAll(List.of("", hidden, cells)); // all rows have the same length
        long width = directions.get(0).hidden.size(1);
        String steps = onnx.node(
                "LSTM",
                inputs,
                "hidden_size",
                width,
                "direction",
                directions.size() == 2 ? "bidirectional" : "forward");
        // From length×directions×N×width to length×N×directions·width.
        String beside = onnx.node("Transpose", List.of(steps), "perm", new long[] {0, 2, 1, 3});
        return new Value(
                onnx.node("Reshape", List.of(beside, onnx.integers(0, 0, directions.size() * width))), 3, -1, -1);
    }

    private String joined(List<Tensor> parts) {
        return onnx.weight(
                Ops.cat(0, parts.stream().map(part -> part.unsqueeze(0)).toArray(Tensor[]::new)));
    }

    /**
     * Hold the weights of one direction with ONNX's order of gates.
     *
     * @param biases of the input, then of the hidden state
     */
    private record Direction(Tensor input, Tensor hidden, Tensor biases) {
        static Direction of(List<?> weights) {
            List<Tensor> known = new ArrayList<>();
            for (Object weight : weights) {
                if (!(weight instanceof Tensor tensor)) throw new Unsupported("its weights are computed");
                known.add(reordered(tensor));
            }
            Tensor biases = known.size() == 4
                    ? Ops.cat(0, known.get(2), known.get(3))
                    : known.get(0).new_zeros(2 * known.get(0).size(0));
            return new Direction(known.get(0), known.get(1), biases);
        }

        private static Tensor reordered(Tensor weight) {
            long width = weight.size(0) / GATES;
            Tensor[] gates = new Tensor[GATES];
            for (int i = 0; i < GATES; i++) gates[i] = weight.narrow(0, ORDER[i] * width, width);
            return Ops.cat(0, gates);
        }
    }
}
