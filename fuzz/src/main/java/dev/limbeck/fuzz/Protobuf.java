package dev.limbeck.fuzz;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.WireFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Mutate a protobuf by its fields, at any depth, with correct lengths. */
final class Protobuf extends Parts<Protobuf.Field> {
    private static final int DEEPEST = 12;
    private static final Bytes BYTES = new Bytes(
            "Conv",
            "Gemm",
            "Loop",
            "If",
            "Scan",
            "Identity",
            "Reshape",
            "location",
            "../x",
            "data.bin",
            "/etc/passwd",
            "MaxPool",
            "ConvTranspose",
            "Resize",
            "Cast",
            "Constant",
            "Pad",
            "Slice",
            "ai.onnx",
            "com.microsoft");

    private final int depth;

    Protobuf() {
        this(0);
    }

    private Protobuf(int depth) {
        this.depth = depth;
    }

    /**
     * Hold one field.
     *
     * @param number of a varint or fixed field
     * @param bytes of a field with a length; null for the others
     */
    record Field(int tag, long number, byte[] bytes) {}

    @Override
    List<Field> split(byte[] file) throws IOException {
        CodedInputStream in = CodedInputStream.newInstance(file);
        List<Field> fields = new ArrayList<>();
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            fields.add(
                    switch (WireFormat.getTagWireType(tag)) {
                        case WireFormat.WIRETYPE_VARINT -> new Field(tag, in.readRawVarint64(), null);
                        case WireFormat.WIRETYPE_FIXED32 -> new Field(tag, in.readRawLittleEndian32(), null);
                        case WireFormat.WIRETYPE_FIXED64 -> new Field(tag, in.readRawLittleEndian64(), null);
                        case WireFormat.WIRETYPE_LENGTH_DELIMITED -> new Field(tag, 0, in.readByteArray());
                        default -> throw new IOException("a group");
                    });
        }
        return fields;
    }

    @Override
    byte[] join(List<Field> parts, Choices choices) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        CodedOutputStream out = CodedOutputStream.newInstance(bytes);
        for (Field field : parts) {
            out.writeUInt32NoTag(field.tag);
            switch (WireFormat.getTagWireType(field.tag)) {
                case WireFormat.WIRETYPE_VARINT -> out.writeUInt64NoTag(field.number);
                case WireFormat.WIRETYPE_FIXED32 -> out.writeFixed32NoTag((int) field.number);
                case WireFormat.WIRETYPE_FIXED64 -> out.writeFixed64NoTag(field.number);
                case WireFormat.WIRETYPE_LENGTH_DELIMITED -> out.writeByteArrayNoTag(field.bytes);
                default -> {}
            }
        }
        out.flush();
        return bytes.toByteArray();
    }

    @Override
    Field change(Field part, Choices choices) {
        if (choices.oneIn(12)) {
            int number = 1 + choices.below(25);
            int type = WireFormat.getTagWireType(part.tag);
            return new Field(number << 3 | type, part.number, part.bytes);
        }
        if (part.bytes == null) return new Field(part.tag, Bytes.number(choices), null);
        boolean nested = depth < DEEPEST && part.bytes.length > 1 && !choices.oneIn(4) && isMessage(part.bytes);
        Mutator inner = nested ? new Protobuf(depth + 1) : BYTES;
        return new Field(part.tag, 0, inner.mutate(part.bytes, choices));
    }

    private boolean isMessage(byte[] bytes) {
        try {
            return !split(bytes).isEmpty();
        } catch (IOException e) {
            return false;
        }
    }
}
