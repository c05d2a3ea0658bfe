package dev.limbeck.tensor;

import dev.limbeck.LimbeckException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Graph;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.JitNode;
import org.bytedeco.pytorch.LongVector;
import org.bytedeco.pytorch.StringVectorOptional;
import org.bytedeco.pytorch.Symbol;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.Value;
import org.bytedeco.pytorch.ValueArrayRef;
import org.bytedeco.pytorch.global.torch;

/**
 * Hold a TorchScript module's computation as a flat list of operations with weights as constants, for exporters. The
 * graph is for evaluation mode. It owns its constants; close it.
 */
public final class ScriptGraph implements AutoCloseable {
    /** The constant None. */
    public static final Object NONE = new Object() {
        @Override
        public String toString() {
            return "None";
        }
    };

    /**
     * Hold one operation.
     *
     * @param op name, such as {@code aten::relu}
     * @param inputs names of values or constants
     */
    public record Node(String op, List<String> inputs, List<String> outputs) {}

    private final JitModule frozen;
    private final List<Node> nodes = new ArrayList<>();
    private final Map<String, Object> constants = new LinkedHashMap<>();
    private final List<String> inputs = new ArrayList<>();
    private final String output;

    private ScriptGraph(JitModule frozen, Graph graph) {
        this.frozen = Scope.retain(frozen);
        ValueArrayRef given = graph.inputs();
        // The first is the module itself.
        for (int i = 1; i < given.size(); i++) inputs.add(name(given.get(i)));
        if (graph.outputs().size() != 1) {
            throw new LimbeckException("only modules of one output can be exported, found "
                    + graph.outputs().size());
        }
        output = name(graph.outputs().get(0));
        for (JitNode node : GraphNodes.nodes(graph)) {
            String op = GraphNodes.kind(node);
            if (op.equals("prim::Constant")) constants.put(name(node.output()), constant(node));
            else nodes.add(new Node(op, names(node.inputs()), names(node.outputs())));
        }
    }

    /**
     * Read a module's graph.
     *
     * @param foldBatchNorms whether to fold batch norms into convolutions
     */
    static ScriptGraph of(JitModule module, boolean foldBatchNorms) {
        try (Scope scope = Scope.open()) {
            JitModule frozen =
                    foldBatchNorms ? torch.freeze(module) : torch.freeze(module, new StringVectorOptional(), false);
            return new ScriptGraph(frozen, frozen.get_method("forward").graph());
        }
    }

    private static String name(Value value) {
        return value.debugName().getString();
    }

    private static List<String> names(ValueArrayRef values) {
        List<String> names = new ArrayList<>();
        for (long i = 0; i < values.size(); i++) names.add(name(values.get(i)));
        return names;
    }

    private static Object constant(JitNode node) {
        Symbol value = GraphNodes.VALUE;
        if (node.mustBeNone() || !node.hasAttribute(value)) return NONE;
        // Not name(), which is null for enums from native code.
        String kind = node.kindOf(value).toString();
        switch (kind) {
            case "i":
                String type = node.output().type().get().str().getString();
                return type.equals("bool") ? (Object) (node.i(value) != 0) : (Object) node.i(value);
            case "f":
                return node.f(value);
            case "s":
                // node.s() points into a string that was freed.
                IValue text = torch.toIValue(node.output()).get();
                // Devices are stored as strings too.
                if (!text.isString())
                    return "a constant of type "
                            + node.output().type().get().str().getString();
                return text.toStringRef().getString();
            case "t":
                return Scope.retain(Tensors.copy(node.t(value)));
            case "ival":
                IValue list = node.ival(value);
                if (list.isIntList()) {
                    LongVector found = list.toIntVector();
                    List<Object> numbers = new ArrayList<>();
                    for (long i = 0; i < found.size(); i++) numbers.add(found.get(i));
                    return numbers;
                }
                if (list.isTensorList()) {
                    TensorVector found = list.toTensorVector();
                    List<Object> tensors = new ArrayList<>();
                    for (long i = 0; i < found.size(); i++) tensors.add(Scope.retain(Tensors.copy(found.get(i))));
                    return tensors;
                }
                return "a constant of type " + node.output().type().get().str().getString();
            default:
                return "a constant of kind " + kind;
        }
    }

    /** Return the operations in execution order, without constants. */
    public List<Node> nodes() {
        return List.copyOf(nodes);
    }

    /** Return constants by name: Long, Double, Boolean, String, {@link #NONE}, Tensor, or List of Long or Tensor. */
    public Map<String, Object> constants() {
        return constants;
    }

    /** Return the names of the inputs, in the module's order. */
    public List<String> inputs() {
        return List.copyOf(inputs);
    }

    public String output() {
        return output;
    }

    @Override
    public void close() {
        constants.values().forEach(ScriptGraph::close);
        frozen.close();
    }

    private static void close(Object constant) {
        if (constant instanceof Tensor tensor) tensor.close();
        if (constant instanceof List<?> list) list.forEach(ScriptGraph::close);
    }
}
