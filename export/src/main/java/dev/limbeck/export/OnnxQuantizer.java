package dev.limbeck.export;

import static dev.limbeck.export.OnnxParts.bytes;
import static dev.limbeck.export.OnnxParts.dims;
import static dev.limbeck.export.OnnxParts.floats;
import static dev.limbeck.export.OnnxParts.integer;
import static dev.limbeck.export.OnnxParts.integers;
import static dev.limbeck.export.OnnxParts.largest;
import static dev.limbeck.export.OnnxParts.node;
import static dev.limbeck.export.OnnxParts.small;
import static dev.limbeck.export.OnnxParts.tensor;
import static dev.limbeck.tensor.FakeQuantize.LARGEST_WEIGHT;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reduce the weights of a float32 ONNX graph. */
final class OnnxQuantizer {
    /** Operations that run in int8 between quantized inputs and outputs. */
    private static final Set<String> QUANTIZED =
            Set.of("Conv", "Relu", "Clip", "Add", "MaxPool", "AveragePool", "GlobalAveragePool");

    /** Smaller weights stay unchanged: biases, scales, shapes. */
    private static final int FEWEST = 64;

    private static final float LARGEST_BIAS = 1 << 30;

    private static final float SMALLEST_HALF = 0x1p-10f;

    private final GraphProto graph;
    private final GraphProto.Builder smaller;
    private final Map<String, TensorProto> weights = new LinkedHashMap<>();
    private final Set<String> used = new HashSet<>();

    private OnnxQuantizer(GraphProto graph) {
        this.graph = graph;
        smaller = graph.toBuilder().clearNode().clearInitializer();
        for (TensorProto weight : graph.getInitializerList()) weights.put(weight.getName(), weight);
    }

    /** Store weights as float16, with a cast when the file is loaded. */
    static ModelProto fp16(ModelProto model) {
        OnnxQuantizer rewriting = new OnnxQuantizer(model.getGraph());
        for (TensorProto weight : rewriting.weights.values()) rewriting.half(weight);
        model.getGraph().getNodeList().forEach(rewriting.smaller::addNode);
        return model.toBuilder().setGraph(rewriting.smaller).build();
    }

    private void half(TensorProto weight) {
        float[] values = weight.getDataType() == DataType.FLOAT.getNumber() ? floats(weight) : new float[0];
        float largest = largest(values, 0, 1, values.length);
        // Values outside float16's range, or with few digits in it, stay float32.
        if (values.length < FEWEST || largest > Float16.LARGEST || largest < SMALLEST_HALF) {
            smaller.addInitializer(weight);
            return;
        }
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) bytes.putShort(Float16.of(value));
        String name = weight.getName() + "_half";
        smaller.addInitializer(tensor(name, DataType.FLOAT16, bytes, dims(weight)));
        smaller.addNode(
                node("Cast", List.of(name), weight.getName()).addAttribute(integer("to", DataType.FLOAT.getNumber())));
    }

    /** Return the names of the tensors whose ranges {@link #int8} needs. */
    static List<String> observed(ModelProto model) {
        return List.copyOf(new OnnxQuantizer(model.getGraph()).edges());
    }

    /** Return the model with more outputs, to observe inner tensors. */
    static ModelProto observing(ModelProto model, List<String> tensors) {
        GraphProto.Builder seen = model.getGraph().toBuilder();
        Set<String> known = new HashSet<>();
        model.getGraph().getInputList().forEach(input -> known.add(input.getName()));
        model.getGraph().getOutputList().forEach(output -> known.add(output.getName()));
        for (String tensor : tensors) {
            if (known.contains(tensor)) continue;
            seen.addOutputBuilder()
                    .setName(tensor)
                    .getTypeBuilder()
                    .getTensorTypeBuilder()
                    .setElemType(DataType.FLOAT.getNumber());
        }
        return model.toBuilder().setGraph(seen).build();
    }

    /**
     * Run convolutional parts in int8, as QuantizeLinear/DequantizeLinear pairs, which runtimes fuse. Products with
     * weight matrices round their inputs by the largest value of each row. Embeddings are stored in int8 with a scale per row.
     *
     * @param ranges minimum and maximum of each of {@link #observed}
     */
    static ModelProto int8(ModelProto model, Map<String, float[]> ranges) {
        OnnxQuantizer rewriting = new OnnxQuantizer(model.getGraph());
        rewriting.quantize(ranges);
        return model.toBuilder().setGraph(rewriting.smaller).build();
    }

    /** Return whether a graph rounds tensors itself, as after quantization-aware training. */
    static boolean isTrained(ModelProto model) {
        return model.getGraph().getNodeList().stream()
                .anyMatch(node -> node.getOpType().equals("QuantizeLinear"));
    }

    /**
     * Store the weights of convolutions and products whose inputs the graph rounds as int8. Training rounded these weights too, so
     * they keep their values, and a scale is the largest weight of a channel divided by the same number.
     */
    static ModelProto trained(ModelProto model) {
        OnnxQuantizer rewriting = new OnnxQuantizer(model.getGraph());
        rewriting.keepRanges();
        return model.toBuilder().setGraph(rewriting.smaller).build();
    }

    private void keepRanges() {
        Map<String, Float> scales = new HashMap<>();
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("DequantizeLinear")) {
                scales.put(node.getOutput(0), floats(weights.get(node.getInput(1)))[0]);
            }
            Float scale = node.getInputCount() < 2 ? null : scales.get(node.getInput(0));
            boolean weighs = scale != null && weights.containsKey(node.getInput(1));
            if (weighs && node.getOpType().equals("Conv")) {
                convolution(node, node.getInput(0), scale);
            } else if (weighs && isProduct(node)) {
                smaller.addNode(node.toBuilder().setInput(1, columns(node)));
            } else {
                smaller.addNode(node);
                node.getInputList().forEach(used::add);
            }
        }
        addUsed();
    }

    /** Return whether a node is a product with a weight of in×out. Vectors and stacks of matrices have no such columns, and stay float. */
    private boolean isProduct(NodeProto node) {
        return node.getOpType().equals("MatMul")
                && weights.containsKey(node.getInput(1))
                && weights.get(node.getInput(1)).getDimsCount() == 2;
    }

    /** Store the weight of a product, in×out, with a scale per column. */
    private String columns(NodeProto product) {
        TensorProto weight = weights.get(product.getInput(1));
        int out = (int) weight.getDims(1);
        float[] values = floats(weight);
        float[] scales = columnScales(values, out);
        ByteBuffer small = smallColumns(values, scales);
        return dequantized(product.getOutput(0) + "_weight", 1, DataType.INT8, small, scales, dims(weight));
    }

    private static float[] columnScales(float[] values, int out) {
        float[] scales = new float[out];
        for (int c = 0; c < out; c++) scales[c] = largest(values, c, out, values.length / out) / LARGEST_WEIGHT;
        return scales;
    }

    private static ByteBuffer smallColumns(float[] values, float[] scales) {
        ByteBuffer small = ByteBuffer.allocate(values.length);
        for (int i = 0; i < values.length; i++) small.put(small(values[i] / scales[i % scales.length]));
        return small;
    }

    private void addUsed() {
        weights.values().stream()
                .filter(weight -> used.contains(weight.getName()))
                .forEach(smaller::addInitializer);
    }

    /**
     * Return the inputs and outputs of quantized operations. A convolution's output that only a ReLU reads is not one.
     */
    private Set<String> edges() {
        Map<String, List<NodeProto>> consumers = new HashMap<>();
        for (NodeProto node : graph.getNodeList()) {
            for (String input : node.getInputList()) {
                consumers.computeIfAbsent(input, name -> new ArrayList<>()).add(node);
            }
        }
        Set<String> edges = new LinkedHashSet<>();
        Set<String> inside = new HashSet<>();
        Set<String> convolved = new HashSet<>();
        for (NodeProto node : graph.getNodeList()) {
            if (!isQuantized(node, convolved)) continue;
            convolved.add(node.getOutput(0));
            List<NodeProto> next = consumers.getOrDefault(node.getOutput(0), List.of());
            boolean activated = next.size() == 1
                    && Set.of("Relu", "Clip").contains(next.get(0).getOpType());
            if (activated) inside.add(node.getOutput(0));
            else edges.add(node.getOutput(0));
            edges.add(node.getInput(0));
            if (node.getOpType().equals("Add")) edges.add(node.getInput(1));
        }
        edges.removeAll(inside);
        return edges;
    }

    /**
     * Return whether an operation runs in int8: a convolution, and what follows without another operation between. The
     * ranges of other sums, such as of attention scores and the mask of padding, would leave no steps for the values.
     */
    private static boolean isQuantized(NodeProto node, Set<String> convolved) {
        if (node.getOpType().equals("Conv")) return true;
        if (!QUANTIZED.contains(node.getOpType()) || !convolved.contains(node.getInput(0))) return false;
        return !node.getOpType().equals("Add") || convolved.contains(node.getInput(1));
    }

    private void quantize(Map<String, float[]> ranges) {
        Set<String> edges = edges();
        for (var input : graph.getInputList()) {
            if (edges.contains(input.getName())) pair(input.getName(), ranges);
        }
        for (NodeProto node : graph.getNodeList()) {
            if (node.getOpType().equals("Conv") && edges.contains(node.getInput(0))) {
                convolution(node, again(node.getInput(0)), scale(ranges.get(node.getInput(0))));
            } else if (isProduct(node)) {
                product(node, edges);
            } else if (node.getOpType().equals("Gather") && isEmbedding(node)) {
                embedding(node);
            } else {
                smaller.addNode(renamed(node, edges));
                node.getInputList().forEach(used::add);
            }
            for (String output : node.getOutputList()) {
                if (edges.contains(output)) pair(output, ranges);
            }
        }
        addUsed();
    }

    private static NodeProto renamed(NodeProto node, Set<String> edges) {
        NodeProto.Builder builder = node.toBuilder();
        for (int i = 0; i < node.getInputCount(); i++) {
            if (edges.contains(node.getInput(i))) builder.setInput(i, again(node.getInput(i)));
        }
        return builder.build();
    }

    private static String again(String tensor) {
        return tensor + "_again";
    }

    private static float scale(float[] range) {
        float span = Math.max(range[1], 0) - Math.min(range[0], 0);
        return span > 0 ? span / 255 : 1;
    }

    /** Quantize a tensor to uint8, with a range that includes 0. */
    private void pair(String tensor, Map<String, float[]> ranges) {
        float[] range = ranges.get(tensor);
        float scale = scale(range);
        int zero = Math.round(-Math.min(range[0], 0) / scale);
        String scales = tensor + "_scale";
        String zeros = tensor + "_zero";
        smaller.addInitializer(tensor(scales, DataType.FLOAT, bytes(scale)));
        smaller.addInitializer(tensor(zeros, DataType.UINT8, ByteBuffer.wrap(new byte[] {(byte) Math.min(255, zero)})));
        smaller.addNode(node("QuantizeLinear", List.of(tensor, scales, zeros), tensor + "_int8"));
        smaller.addNode(node("DequantizeLinear", List.of(tensor + "_int8", scales, zeros), again(tensor)));
    }

    private void convolution(NodeProto node, String input, float inputScale) {
        TensorProto weight = weights.get(node.getInput(1));
        int channels = (int) weight.getDims(0);
        float[] values = floats(weight);
        int each = values.length / channels;
        float[] bias = node.getInputCount() > 2 ? floats(weights.get(node.getInput(2))) : new float[channels];
        float[] scales = new float[channels];
        ByteBuffer small = ByteBuffer.allocate(values.length);
        for (int c = 0; c < channels; c++) {
            // For tiny weights, the bias in steps of their scale must still fit into 32 bits.
            scales[c] = Math.max(
                    largest(values, c * each, 1, each) / LARGEST_WEIGHT, Math.abs(bias[c]) / inputScale / LARGEST_BIAS);
            for (int i = 0; i < each; i++) small.put(small(values[c * each + i] / scales[c]));
        }
        List<String> inputs = new ArrayList<>(List.of(input));
        // Named by the node: equal weights of several nodes are stored once in the graph.
        inputs.add(dequantized(node.getOutput(0) + "_weight", 0, DataType.INT8, small, scales, dims(weight)));
        if (node.getInputCount() > 2) {
            ByteBuffer whole = ByteBuffer.allocate(4 * channels).order(ByteOrder.LITTLE_ENDIAN);
            float[] products = new float[channels];
            for (int c = 0; c < channels; c++) {
                products[c] = inputScale * scales[c];
                whole.putInt(Math.round(bias[c] / products[c]));
            }
            inputs.add(dequantized(node.getOutput(0) + "_bias", 0, DataType.INT32, whole, products, channels));
        }
        smaller.addNode(node.toBuilder().clearInput().addAllInput(inputs));
    }

    private String dequantized(String name, int axis, DataType type, ByteBuffer values, float[] scales, long... dims) {
        String made = name + "_float";
        String zeros = name + "_zeros";
        smaller.addInitializer(tensor(name + "_small", type, values, dims));
        smaller.addInitializer(tensor(name + "_scales", DataType.FLOAT, bytes(scales), scales.length));
        int size = type == DataType.INT8 ? 1 : 4;
        smaller.addInitializer(tensor(zeros, type, ByteBuffer.allocate(size * scales.length), scales.length));
        smaller.addNode(node("DequantizeLinear", List.of(name + "_small", name + "_scales", zeros), made)
                .addAttribute(integer("axis", axis)));
        return made;
    }

    /**
     * Convert a product with a weight of in×out. Each row of its input is rounded to 255 steps around 0 by its own largest value. A range
     * of the whole tensor would be faster by a tenth, but then an outlier in one row would change the predictions of all others.
     */
    private void product(NodeProto node, Set<String> edges) {
        TensorProto weight = weights.get(node.getInput(1));
        String x = node.getInput(0);
        String input = edges.contains(x) ? again(x) : x;
        int out = (int) weight.getDims(1);
        float[] values = floats(weight);
        float[] scales = columnScales(values, out);
        ByteBuffer small = smallColumns(values, scales);
        String name = node.getOutput(0);
        smaller.addInitializer(tensor(name + "_small", DataType.INT8, small, dims(weight)));
        smaller.addInitializer(tensor(name + "_scales", DataType.FLOAT, bytes(scales), out));
        smaller.addNode(
                node("MatMulInteger", List.of(rounded(name, input), name + "_small", name + "_zero"), name + "_whole"));
        smaller.addNode(node("Cast", List.of(name + "_whole"), name + "_sum")
                .addAttribute(integer("to", DataType.FLOAT.getNumber())));
        smaller.addNode(node("Mul", List.of(name + "_sum", name + "_scales"), name + "_columns"));
        smaller.addNode(node("Mul", List.of(name + "_columns", name + "_step"), name));
    }

    /** Round each row of a product's input to uint8 with 128 as zero, in steps of its largest value divided by 127. */
    private String rounded(String name, String input) {
        constant(name + "_steps", 1 / 127f);
        // A row of zeros has no largest value.
        constant(name + "_least", Float.MIN_NORMAL);
        constant(name + "_middle", 128);
        smaller.addInitializer(tensor(name + "_zero", DataType.UINT8, ByteBuffer.wrap(new byte[] {(byte) 128})));
        smaller.addNode(node("Abs", List.of(input), name + "_size"));
        smaller.addNode(
                node("ReduceMax", List.of(name + "_size"), name + "_largest").addAttribute(integers("axes", -1)));
        smaller.addNode(node("Mul", List.of(name + "_largest", name + "_steps"), name + "_any_step"));
        smaller.addNode(node("Max", List.of(name + "_any_step", name + "_least"), name + "_step"));
        smaller.addNode(node("Div", List.of(input, name + "_step"), name + "_exact"));
        smaller.addNode(node("Round", List.of(name + "_exact"), name + "_round"));
        smaller.addNode(node("Add", List.of(name + "_round", name + "_middle"), name + "_shifted"));
        smaller.addNode(node("Cast", List.of(name + "_shifted"), name + "_in")
                .addAttribute(integer("to", DataType.UINT8.getNumber())));
        return name + "_in";
    }

    private void constant(String name, float value) {
        smaller.addInitializer(tensor(name, DataType.FLOAT, bytes(value)));
    }

    /** Multiply the whole numbers of an output by their unit. */
    private void scale(String name) {
        smaller.addNode(node("Cast", List.of(name + "_whole"), name + "_sum")
                .addAttribute(integer("to", DataType.FLOAT.getNumber())));
        smaller.addNode(node("Mul", List.of(name + "_sum", name + "_unit"), name));
    }

    private boolean isEmbedding(NodeProto gather) {
        TensorProto weight = weights.get(gather.getInput(0));
        return weight != null
                && gather.getAttributeList().stream().allMatch(axis -> axis.getI() == 0)
                && weight.getDataType() == DataType.FLOAT.getNumber()
                && weight.getDimsCount() == 2
                && weight.getDims(0) * weight.getDims(1) >= FEWEST;
    }

    /** Convert a lookup of rows of a table of rows×width. */
    private void embedding(NodeProto node) {
        TensorProto weight = weights.get(node.getInput(0));
        int rows = (int) weight.getDims(0);
        float[] values = floats(weight);
        int width = values.length / rows;
        float[] scales = new float[rows];
        ByteBuffer small = ByteBuffer.allocate(values.length);
        for (int row = 0; row < rows; row++) {
            scales[row] = largest(values, row * width, 1, width) / 127;
            for (int i = 0; i < width; i++) small.put(small(values[row * width + i] / scales[row]));
        }
        String name = node.getOutput(0);
        String ids = node.getInput(1);
        used.add(ids);
        smaller.addInitializer(tensor(name + "_small", DataType.INT8, small, dims(weight)));
        smaller.addInitializer(tensor(name + "_scales", DataType.FLOAT, bytes(scales), rows, 1));
        smaller.addNode(node("Gather", List.of(name + "_small", ids), name + "_whole"));
        smaller.addNode(node("Gather", List.of(name + "_scales", ids), name + "_unit"));
        scale(name);
    }
}
