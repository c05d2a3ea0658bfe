package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import ai.onnx.proto.OnnxMl.ValueInfoProto;
import com.google.protobuf.ByteString;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Build an ONNX graph node by node. */
final class OnnxBuilder {
    /** The format's number of float32, as a node's attribute names it. */
    static final long FLOAT = TensorProto.DataType.FLOAT.getNumber();

    private final GraphProto.Builder graph = GraphProto.newBuilder().setName("limbeck");
    private final Map<String, String> integers = new LinkedHashMap<>();
    private int made;

    /** Return an unused name. Names of inputs and outputs have no such number. */
    private String fresh(String kind) {
        return kind.toLowerCase(Locale.ROOT) + "_" + made++;
    }

    /** Add a node with one output. Return its name. Attributes are Long, Double, String or long[], by name. */
    String node(String op, List<String> inputs, Object... attributes) {
        String output = fresh(op);
        add(op, inputs, output, attributes);
        return output;
    }

    /** Add a node with a named output. */
    void add(String op, List<String> inputs, String output, Object... attributes) {
        NodeProto.Builder node = NodeProto.newBuilder()
                .setOpType(op)
                .setName(fresh("node"))
                .addAllInput(inputs)
                .addOutput(output);
        for (int i = 0; i < attributes.length; i += 2) {
            node.addAttribute(attribute((String) attributes[i], attributes[i + 1]));
        }
        graph.addNode(node);
    }

    private static AttributeProto attribute(String name, Object value) {
        AttributeProto.Builder attribute = AttributeProto.newBuilder().setName(name);
        if (value instanceof Long number) {
            attribute.setType(AttributeProto.AttributeType.INT).setI(number);
        } else if (value instanceof Integer number) {
            attribute.setType(AttributeProto.AttributeType.INT).setI(number);
        } else if (value instanceof Double number) {
            attribute.setType(AttributeProto.AttributeType.FLOAT).setF(number.floatValue());
        } else if (value instanceof String text) {
            attribute.setType(AttributeProto.AttributeType.STRING).setS(ByteString.copyFromUtf8(text));
        } else if (value instanceof long[] numbers) {
            attribute.setType(AttributeProto.AttributeType.INTS);
            for (long number : numbers) attribute.addInts(number);
        } else {
            throw new IllegalArgumentException("no attribute can be a " + value.getClass());
        }
        return attribute.build();
    }

    /** Add a tensor as float32. Return its name. */
    String weight(Tensor tensor) {
        float[] values = Tensors.toFloats(tensor);
        return floats(values, tensor.shape());
    }

    /** Add float32 values. Return their name. */
    String floats(float[] values, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        String name = fresh("weight");
        graph.addInitializer(tensor(name, TensorProto.DataType.FLOAT, bytes, shape));
        return name;
    }

    /** Add a scalar. Return its name. */
    String scalar(double value) {
        return floats(new float[] {(float) value});
    }

    /** Round a tensor to uint8 and back. Return its name. */
    String rounded(String x, double scale, long zero) {
        String scales = scalar(scale);
        String zeros = fresh("zero");
        ByteBuffer value = ByteBuffer.wrap(new byte[] {(byte) zero});
        graph.addInitializer(tensor(zeros, TensorProto.DataType.UINT8, value));
        return node("DequantizeLinear", List.of(node("QuantizeLinear", List.of(x, scales, zeros)), scales, zeros));
    }

    /** Add a 1-d int64 tensor, shared by equal values. Return its name. */
    String integers(long... values) {
        return integers.computeIfAbsent(Arrays.toString(values), text -> {
            ByteBuffer bytes = ByteBuffer.allocate(values.length * Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            bytes.asLongBuffer().put(values);
            String name = fresh("shape");
            graph.addInitializer(tensor(name, TensorProto.DataType.INT64, bytes, values.length));
            return name;
        });
    }

    private static TensorProto tensor(String name, TensorProto.DataType type, ByteBuffer bytes, long... shape) {
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setName(name)
                .setDataType(type.getNumber())
                .setRawData(ByteString.copyFrom(bytes.rewind()));
        for (long size : shape) tensor.addDims(size);
        return tensor.build();
    }

    /** Add an input with a dynamic batch and a row shape. */
    void input(String name, DType type, long... row) {
        graph.addInput(value(name, type(type), row));
    }

    private static TensorProto.DataType type(DType type) {
        return switch (type) {
            case FLOAT32 -> TensorProto.DataType.FLOAT;
            case INT64 -> TensorProto.DataType.INT64;
            case INT32 -> TensorProto.DataType.INT32;
            default -> throw new IllegalArgumentException("no input is written as " + type);
        };
    }

    /** Set the output. */
    void output(String name, long... row) {
        graph.addOutput(value(name, TensorProto.DataType.FLOAT, row));
    }

    private static ValueInfoProto value(String name, TensorProto.DataType type, long... row) {
        TensorShapeProto.Builder shape = TensorShapeProto.newBuilder();
        shape.addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("batch"));
        for (long size : row)
            shape.addDim(
                    size < 0
                            ? TensorShapeProto.Dimension.newBuilder().setDimParam("length" + shape.getDimCount())
                            : TensorShapeProto.Dimension.newBuilder().setDimValue(size));
        return ValueInfoProto.newBuilder()
                .setName(name)
                .setType(TypeProto.newBuilder()
                        .setTensorType(TypeProto.Tensor.newBuilder()
                                .setElemType(type.getNumber())
                                .setShape(shape)))
                .build();
    }

    GraphProto build() {
        return graph.build();
    }
}
