package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test files of some hundred bytes that would make ONNX Runtime allocate gigabytes. */
class OnnxSizesTest {
    @TempDir
    Path folder;

    private static TensorProto.Builder tensor(boolean raw, long... values) {
        TensorProto.Builder tensor = TensorProto.newBuilder()
                .setDataType(TensorProto.DataType.INT64_VALUE)
                .addDims(values.length);
        if (!raw) return tensor.addAllInt64Data(Arrays.stream(values).boxed().toList());
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) bytes.putLong(value);
        return tensor.setRawData(ByteString.copyFrom(bytes.array()));
    }

    private static NodeProto node(String operator, String... inputs) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .addAllInput(List.of(inputs))
                .addOutput("filled")
                .build();
    }

    private Path file(GraphProto.Builder graph) throws IOException {
        return Files.write(
                folder.resolve("a.onnx"),
                ModelProto.newBuilder().setGraph(graph).build().toByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"ConstantOfShape", "Expand", "Tile"})
    void fillsNoGigabytes(String operator) throws IOException {
        NodeProto use = operator.equals("ConstantOfShape") ? node(operator, "shape") : node(operator, "x", "shape");
        for (boolean raw : new boolean[] {true, false}) {
            Path initializer = file(GraphProto.newBuilder()
                    .addNode(use)
                    .addInitializer(tensor(raw, 1 << 15, 1 << 15, 4).setName("shape")));
            assertRefused(initializer, operator);
            NodeProto given = NodeProto.newBuilder()
                    .setOpType("Constant")
                    .addOutput("shape")
                    .addAttribute(AttributeProto.newBuilder().setName("value").setT(tensor(raw, Long.MAX_VALUE, 2)))
                    .build();
            assertRefused(file(GraphProto.newBuilder().addNode(given).addNode(use)), operator);
            // Inside a branch of an If node.
            assertRefused(
                    file(GraphProto.newBuilder()
                            .addNode(NodeProto.newBuilder()
                                    .setOpType("If")
                                    .addAttribute(AttributeProto.newBuilder()
                                            .setName("then_branch")
                                            .setG(GraphProto.newBuilder()
                                                    .addNode(given)
                                                    .addNode(use))))),
                    operator);
        }
    }

    private static void assertRefused(Path file, String operator) {
        assertThatThrownBy(() -> OnnxSizes.check(file))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("(" + operator + ")")
                .hasMessageContaining("limbeck.limit.onnx-numbers");
    }

    @Test
    void honestShapesPass() throws IOException {
        Path file = file(GraphProto.newBuilder()
                .addNode(node("ConstantOfShape", "shape"))
                .addNode(node("Slice", "x", "ends"))
                .addNode(node("Expand", "x", "computed"))
                .addInitializer(tensor(true, 64, 3, 224, 224).setName("shape"))
                .addInitializer(tensor(false, Long.MAX_VALUE).setName("ends")));
        assertThatCode(() -> OnnxSizes.check(file)).doesNotThrowAnyException();
    }
}
