package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import dev.limbeck.LimbeckException;
import dev.limbeck.Limit;
import dev.limbeck.io.IoErrors;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reject ONNX files that explicitly create absurdly large tensors with operators that fill a constant shape. ONNX
 * Runtime would allocate the memory. Computed sizes cannot be checked here.
 */
final class OnnxSizes {
    private static final int BUFFER = 1 << 16;
    /** Protobuf's own limit. */
    private static final int DEEPEST = 100;
    /** Maximum number of dimensions. */
    private static final int LONGEST_SHAPE = 32;

    /** Index of the input that is a shape or a repeat count, by operator. */
    private static final Map<String, Integer> FILLING = Map.of("ConstantOfShape", 0, "Expand", 1, "Tile", 1);

    private record Use(String operator, String shape) {}

    private final Map<String, long[]> constants = new HashMap<>();
    private final List<Use> uses = new ArrayList<>();

    private OnnxSizes() {}

    /**
     * Check a file whose structure was checked before.
     *
     * @throws LimbeckException if an operator creates a tensor of more than {@link Limit#ONNX_NUMBERS}
     */
    static void check(Path model) {
        OnnxSizes sizes = new OnnxSizes();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(model), BUFFER)) {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setSizeLimit(Integer.MAX_VALUE);
            sizes.walk(coded, ModelProto.getDescriptor(), null, 0);
        } catch (IOException e) {
            throw IoErrors.reading(model, e);
        }
        long most = Limit.ONNX_NUMBERS.value();
        for (Use use : sizes.uses) {
            double numbers = 1;
            for (long size : sizes.constants.getOrDefault(use.shape, new long[0])) numbers *= Math.max(1, size);
            if (numbers > most) {
                throw IoErrors.in(
                        model,
                        String.format(
                                Locale.ROOT,
                                "makes a tensor of %.0f numbers (%s); expected at most %d; %s",
                                numbers,
                                use.operator,
                                most,
                                Limit.ONNX_NUMBERS.advice()));
            }
        }
    }

    /** State of an operator while its message is read. */
    private static final class Node {
        private final List<String> inputs = new ArrayList<>();
        private String operator = "";
        private String output = "";
        private long @Nullable [] value;
    }

    private void walk(CodedInputStream in, Descriptor type, @Nullable Node around, int depth) throws IOException {
        if (depth > DEEPEST) throw new IOException("nested too deeply");
        Node node = type.equals(NodeProto.getDescriptor()) ? new Node() : around;
        boolean isNode = node != around;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int number = WireFormat.getTagFieldNumber(tag);
            boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            FieldDescriptor field = type.findFieldByNumber(number);
            if (!delimited || field == null) {
                in.skipField(tag);
            } else if (isNode && number == NodeProto.INPUT_FIELD_NUMBER && node.inputs.size() < 2) {
                node.inputs.add(in.readString());
            } else if (isNode && number == NodeProto.OUTPUT_FIELD_NUMBER && node.output.isEmpty()) {
                node.output = in.readString();
            } else if (isNode && number == NodeProto.OP_TYPE_FIELD_NUMBER) {
                node.operator = in.readString();
            } else if (field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
                int rest = in.pushLimit(in.readRawVarint32());
                if (field.getMessageType().equals(TensorProto.getDescriptor())) tensor(in, node);
                else walk(in, field.getMessageType(), node, depth + 1);
                in.popLimit(rest);
            } else {
                in.skipField(tag);
            }
        }
        if (isNode) {
            if (node.value != null && node.operator.equals("Constant")) constants.put(node.output, node.value);
            Integer place = FILLING.get(node.operator);
            if (place != null && place < node.inputs.size()) uses.add(new Use(node.operator, node.inputs.get(place)));
        }
    }

    private void tensor(CodedInputStream in, @Nullable Node around) throws IOException {
        String name = "";
        List<Long> values = new ArrayList<>();
        boolean integers = false;
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            boolean delimited = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            if (!delimited && WireFormat.getTagWireType(tag) != WireFormat.WIRETYPE_VARINT) {
                in.skipField(tag);
                continue;
            }
            switch (WireFormat.getTagFieldNumber(tag)) {
                case TensorProto.NAME_FIELD_NUMBER -> {
                    if (delimited) name = in.readString();
                    else in.skipField(tag);
                }
                case TensorProto.DATA_TYPE_FIELD_NUMBER -> {
                    if (delimited) in.skipField(tag);
                    else integers = in.readRawVarint64() == TensorProto.DataType.INT64_VALUE;
                }
                case TensorProto.INT64_DATA_FIELD_NUMBER -> integers(in, delimited, values);
                case TensorProto.RAW_DATA_FIELD_NUMBER -> raw(in, tag, delimited, values);
                default -> in.skipField(tag);
            }
        }
        if (!integers || values.isEmpty()) return;
        long[] found = values.stream().mapToLong(value -> value).toArray();
        if (!name.isEmpty()) constants.put(name, found);
        if (around != null) around.value = found;
    }

    private static void integers(CodedInputStream in, boolean packed, List<Long> values) throws IOException {
        if (!packed) {
            long value = in.readInt64();
            if (values.size() < LONGEST_SHAPE) values.add(value);
            return;
        }
        int rest = in.pushLimit(in.readRawVarint32());
        while (in.getBytesUntilLimit() > 0) {
            long value = in.readInt64();
            if (values.size() < LONGEST_SHAPE) values.add(value);
        }
        in.popLimit(rest);
    }

    private static void raw(CodedInputStream in, int tag, boolean delimited, List<Long> values) throws IOException {
        if (!delimited) {
            in.skipField(tag);
            return;
        }
        int length = in.readRawVarint32();
        if (length < 0 || length > Long.BYTES * LONGEST_SHAPE) {
            in.skipRawBytes(length);
            return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(in.readRawBytes(length)).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.remaining() >= Long.BYTES) values.add(bytes.getLong());
    }
}
