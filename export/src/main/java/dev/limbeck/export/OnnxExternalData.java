package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.StringStringEntryProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.ExtensionRegistryLite;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.WireFormat;
import dev.limbeck.LimbeckException;
import dev.limbeck.Printable;
import dev.limbeck.io.IoErrors;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;

/**
 * Find the external data files of an ONNX file, for all places of tensors: dense and sparse initializers, those of
 * subgraphs, functions and training, and attributes. The file is read as a stream, so its weights need no memory.
 */
final class OnnxExternalData {
    /** Protobuf's own limit. */
    private static final int DEEPEST = 100;

    private static final int MOST_DIMENSIONS = 32;

    private static final int BUFFER = 1 << 16;

    private final Path model;
    private final TreeMap<String, Path> found = new TreeMap<>();

    private OnnxExternalData(Path model) {
        this.model = model;
    }

    /**
     * Return the model's file, then its external files by name.
     *
     * @throws LimbeckException if it is not an ONNX file, or an external file is missing, too short, or outside the
     *     model's folder
     */
    static List<Path> files(Path model) {
        IoErrors.requireFetched(model);
        OnnxExternalData data = new OnnxExternalData(model);
        try (InputStream in = new BufferedInputStream(Files.newInputStream(model), BUFFER)) {
            if (Files.size(model) == 0) {
                throw new LimbeckException(model + " is empty, expected an ONNX file; copy or export it again");
            }
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setSizeLimit(Integer.MAX_VALUE);
            data.walk(coded, ModelProto.getDescriptor(), 0);
        } catch (InvalidProtocolBufferException e) {
            throw new LimbeckException(
                    model + " is not an ONNX file that can be run: it is damaged or of another kind ("
                            + LimbeckException.briefly(e) + "); copy or export it again",
                    e);
        } catch (IOException e) {
            throw IoErrors.reading(model, e);
        }
        Set<Path> files = new LinkedHashSet<>(List.of(model));
        files.addAll(data.found.values());
        return List.copyOf(files);
    }

    private void walk(CodedInputStream in, Descriptor type, int depth) throws IOException {
        if (depth > DEEPEST) {
            throw new LimbeckException(model + " is not an ONNX file that can be run: it is nested too deeply");
        }
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            FieldDescriptor field = type.findFieldByNumber(WireFormat.getTagFieldNumber(tag));
            boolean nested = field != null
                    && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE
                    && WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
            if (!nested) {
                in.skipField(tag);
                continue;
            }
            int rest = in.pushLimit(in.readRawVarint32());
            if (field.getMessageType().equals(TensorProto.getDescriptor())) new ExternalTensor().read(in);
            else walk(in, field.getMessageType(), depth + 1);
            in.checkLastTagWas(0);
            in.popLimit(rest);
        }
    }

    /** What decides where a tensor's numbers are. */
    private final class ExternalTensor {
        private final List<Long> shape = new ArrayList<>();
        private final List<String> locations = new ArrayList<>();
        private int type;
        private String name = "";
        private boolean external;
        private String offset = "0";
        private String length = "";

        void read(CodedInputStream in) throws IOException {
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                boolean bytes = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
                boolean number = WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_VARINT;
                switch (WireFormat.getTagFieldNumber(tag)) {
                    case TensorProto.DIMS_FIELD_NUMBER -> dimensions(in, tag, bytes, number);
                    case TensorProto.DATA_TYPE_FIELD_NUMBER -> type = number ? in.readInt32() : skip(in, tag);
                    case TensorProto.NAME_FIELD_NUMBER -> name = bytes ? in.readString() : "" + skip(in, tag);
                    case TensorProto.DATA_LOCATION_FIELD_NUMBER ->
                        external |= (number ? in.readEnum() : skip(in, tag))
                                == TensorProto.DataLocation.EXTERNAL.getNumber();
                    case TensorProto.EXTERNAL_DATA_FIELD_NUMBER -> {
                        if (bytes) entry(in);
                        else skip(in, tag);
                    }
                    default -> in.skipField(tag);
                }
            }
            // Named but not used is not read by every version; whoever names a file depends on it.
            if (external || !locations.isEmpty()) check();
        }

        private static int skip(CodedInputStream in, int tag) throws IOException {
            in.skipField(tag);
            return 0;
        }

        private void dimensions(CodedInputStream in, int tag, boolean packed, boolean single) throws IOException {
            if (single) {
                dimension(in.readInt64());
            } else if (packed) {
                int rest = in.pushLimit(in.readRawVarint32());
                while (in.getBytesUntilLimit() > 0) dimension(in.readInt64());
                in.popLimit(rest);
            } else {
                in.skipField(tag);
            }
        }

        private void dimension(long size) {
            if (shape.size() == MOST_DIMENSIONS) {
                throw wrong("it has more than " + MOST_DIMENSIONS + " dimensions", "export the model again");
            }
            shape.add(size);
        }

        private void entry(CodedInputStream in) throws IOException {
            StringStringEntryProto.Builder entry = StringStringEntryProto.newBuilder();
            in.readMessage(entry, ExtensionRegistryLite.getEmptyRegistry());
            switch (entry.getKey()) {
                case "location" -> locations.add(entry.getValue());
                case "offset" -> offset = entry.getValue();
                case "length" -> length = entry.getValue();
                default -> {} // such as a checksum, which no runtime looks at
            }
        }

        private void check() {
            if (locations.isEmpty()) throw wrong("no file is named", "export the model again");
            for (String location : locations) {
                Path file = resolve(location);
                long size = size(location, file);
                BigInteger from = whole("offset", offset);
                BigInteger needed = needed();
                BigInteger said = length.isEmpty() ? needed : whole("length", length);
                if (needed.signum() >= 0 && !said.equals(needed)) {
                    throw wrong(said + " bytes are named, its shape needs " + needed, "export the model again");
                }
                BigInteger end = from.add(said.max(BigInteger.ZERO));
                if (end.compareTo(BigInteger.valueOf(size)) > 0) {
                    throw wrong(
                            "bytes " + from + " to " + end + " are needed, and " + file + " has " + size,
                            "copy or download both files again");
                }
                found.put(location, file);
            }
        }

        private Path resolve(String location) {
            String outside = "the file is named '" + shown(location) + "', outside the model's folder";
            // Windows' ways to name another place are refused everywhere, so that a file means one thing.
            if (location.isEmpty()
                    || location.matches("(?s)[/\\\\].*|[A-Za-z]:.*")
                    || location.contains("ORT_MEM_ADDR")) {
                throw wrong(outside, "keep it beside the model, and export the model again");
            }
            for (String part : location.split("[/\\\\]")) {
                if (part.equals("..")) throw wrong(outside, "keep it beside the model, and export the model again");
            }
            try {
                return model.resolveSibling(location);
            } catch (InvalidPathException e) {
                throw wrong(outside, "keep it beside the model, and export the model again");
            }
        }

        private long size(String location, Path file) {
            if (!Files.isRegularFile(file)) {
                String what = Files.exists(file) ? file + " is not a file" : file + " is not there";
                throw wrong(what, "put " + shown(location) + " beside the model, under that name");
            }
            try {
                return Files.size(file);
            } catch (IOException e) {
                throw IoErrors.reading(file, e);
            }
        }

        private BigInteger whole(String what, String text) {
            if (!text.matches("[0-9]{1,19}")) {
                throw wrong(
                        "its " + what + " must be a number of bytes, found '" + shown(text) + "'",
                        "export the model again");
            }
            return new BigInteger(text);
        }

        /** Return the size for its shape and type in bytes; −1 for an unknown type. */
        private BigInteger needed() {
            int bits = bits(type);
            if (bits == 0) return BigInteger.ONE.negate();
            BigInteger count = BigInteger.ONE;
            for (long size : shape) {
                if (size < 0) throw wrong("its shape has the size " + size, "export the model again");
                count = count.multiply(BigInteger.valueOf(size));
            }
            return count.multiply(BigInteger.valueOf(bits))
                    .add(BigInteger.valueOf(7))
                    .shiftRight(3);
        }

        private LimbeckException wrong(String what, String todo) {
            String tensor = name.isEmpty() ? "a tensor" : "tensor '" + shown(name) + "'";
            return new LimbeckException(model + " keeps " + tensor + " in another file, but " + what + "; " + todo);
        }
    }

    /** Return the bits per number of an ONNX type; 0 if unknown. */
    private static int bits(int type) {
        return switch (type) {
            case 2, 3, 9, 17, 18, 19, 20, 24 -> 8; // integers, boolean, float8
            case 4, 5, 10, 16 -> 16; // integers, float16, bfloat16
            case 1, 6, 12 -> 32;
            case 7, 11, 13, 14 -> 64;
            case 15 -> 128;
            case 21, 22, 23 -> 4;
            case 25, 26 -> 2;
            default -> 0;
        };
    }

    private static String shown(String text) {
        return Printable.quote(text);
    }
}
