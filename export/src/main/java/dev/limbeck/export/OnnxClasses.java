package dev.limbeck.export;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import com.google.protobuf.CodedInputStream;
import com.google.protobuf.WireFormat;
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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Find the class names in the graph of a classifier: the labels of {@code TreeEnsembleClassifier}, {@code LinearClassifier}, {@code
 * SVMClassifier} and other operators, and the constant list from which {@code ArrayFeatureExtractor} takes the predicted label, as
 * converters of scikit-learn write them. Large tensors are passed over.
 */
final class OnnxClasses {
    private static final List<String> LABELS = List.of("classlabels_strings", "classlabels_int64s", "classlabels_ints");
    private static final String EXTRACTOR = "ArrayFeatureExtractor";
    /** Longer ones hold weights. */
    private static final int LONGEST_TENSOR = 1 << 22;

    private final Map<List<String>, String> found = new LinkedHashMap<>();
    private final Map<String, List<String>> constants = new HashMap<>();
    private final List<String> extracted = new ArrayList<>();

    private OnnxClasses() {}

    /**
     * Hold class names.
     *
     * @param names in the order of the outputs
     * @param place in the graph
     */
    record Labels(List<String> names, String place) {}

    /**
     * Read the names from a file whose structure was checked before.
     *
     * @param outputs number of outputs; −1 if it is not known
     * @return null if there are none, or several that differ. The numbers from 0 up are no names: they are the order itself
     */
    static @Nullable Labels read(Path model, long outputs) {
        OnnxClasses classes = new OnnxClasses();
        try (InputStream in = new BufferedInputStream(Files.newInputStream(model))) {
            CodedInputStream coded = CodedInputStream.newInstance(in);
            coded.setSizeLimit(Integer.MAX_VALUE);
            classes.model(coded);
        } catch (IOException e) {
            throw IoErrors.reading(model, e);
        }
        for (String name : classes.extracted) {
            List<String> labels = classes.constants.get(name);
            if (labels != null) classes.found.putIfAbsent(labels, EXTRACTOR);
        }
        List<Labels> fitting = classes.found.entrySet().stream()
                .filter(labels -> outputs < 0 || labels.getKey().size() == outputs)
                .filter(labels -> !areNumbers(labels.getKey()))
                .filter(labels -> labels.getKey().stream().distinct().count()
                        == labels.getKey().size())
                .map(labels -> new Labels(labels.getKey(), labels.getValue()))
                .toList();
        return fitting.size() == 1 ? fitting.get(0) : null;
    }

    private static boolean areNumbers(List<String> labels) {
        for (int i = 0; i < labels.size(); i++) if (!labels.get(i).equals(String.valueOf(i))) return false;
        return true;
    }

    private void model(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (WireFormat.getTagFieldNumber(tag) == ModelProto.GRAPH_FIELD_NUMBER && isMessage(tag)) {
                int limit = in.pushLimit(in.readRawVarint32());
                graph(in);
                in.popLimit(limit);
            } else if (!in.skipField(tag)) {
                return;
            }
        }
    }

    private static boolean isMessage(int tag) {
        return WireFormat.getTagWireType(tag) == WireFormat.WIRETYPE_LENGTH_DELIMITED;
    }

    private void graph(CodedInputStream in) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            int field = WireFormat.getTagFieldNumber(tag);
            boolean isNode = field == GraphProto.NODE_FIELD_NUMBER;
            if (!isMessage(tag) || !isNode && field != GraphProto.INITIALIZER_FIELD_NUMBER) {
                if (!in.skipField(tag)) return;
                continue;
            }
            int length = in.readRawVarint32();
            if (isNode) {
                int limit = in.pushLimit(length);
                node(NodeProto.parseFrom(in));
                in.popLimit(limit);
            } else if (length > LONGEST_TENSOR) {
                in.skipRawBytes(length);
            } else {
                int limit = in.pushLimit(length);
                TensorProto tensor = TensorProto.parseFrom(in);
                in.popLimit(limit);
                List<String> labels = labels(tensor);
                if (labels != null) constants.put(tensor.getName(), labels);
            }
        }
    }

    private void node(NodeProto node) {
        for (AttributeProto attribute : node.getAttributeList()) {
            if (!LABELS.contains(attribute.getName())) continue;
            List<String> labels = attribute.getStringsCount() > 0
                    ? attribute.getStringsList().stream()
                            .map(ByteString::toStringUtf8)
                            .toList()
                    : attribute.getIntsList().stream().map(String::valueOf).toList();
            if (!labels.isEmpty()) {
                found.putIfAbsent(labels, attribute.getName() + " of " + node.getOpType());
            }
        }
        if (node.getOpType().equals(EXTRACTOR) && node.getInputCount() > 0) extracted.add(node.getInput(0));
    }

    /** Read a list of texts or whole numbers; null for other tensors. */
    private static @Nullable List<String> labels(TensorProto tensor) {
        if (tensor.getDataType() == TensorProto.DataType.STRING.getNumber()) {
            return tensor.getStringDataList().stream()
                    .map(ByteString::toStringUtf8)
                    .toList();
        }
        ByteBuffer raw = tensor.getRawData().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        if (tensor.getDataType() == TensorProto.DataType.INT64.getNumber()) {
            LongStream values = raw.hasRemaining()
                    ? LongStream.generate(raw::getLong).limit(raw.remaining() / Long.BYTES)
                    : tensor.getInt64DataList().stream().mapToLong(Long::longValue);
            return values.mapToObj(String::valueOf).toList();
        }
        if (tensor.getDataType() != TensorProto.DataType.INT32.getNumber()) return null;
        LongStream values = raw.hasRemaining()
                ? LongStream.generate(() -> raw.getInt()).limit(raw.remaining() / Integer.BYTES)
                : tensor.getInt32DataList().stream().mapToLong(Integer::longValue);
        return values.mapToObj(String::valueOf).toList();
    }
}
