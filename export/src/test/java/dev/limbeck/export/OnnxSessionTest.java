package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto;
import ai.onnx.proto.OnnxMl.TypeProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.onnx.OnnxSession;
import dev.limbeck.onnx.OnnxSession.Rows;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Test sessions with outputs and inputs of any type. It makes its files by ONNX's own classes, which limbeck-predict does without. */
class OnnxSessionTest {
    private static final Path NAME = Path.of("odd.onnx");

    private static void type(TypeProto.Tensor.Builder tensor, DataType type) {
        tensor.setElemType(type.getNumber())
                .getShapeBuilder()
                .addDim(TensorShapeProto.Dimension.newBuilder().setDimParam("n"));
    }

    /** Make a model that gives int32 ids as other types, and as a list, as ZipMap does. */
    private static OnnxSession open(Map<String, DataType> outputs, boolean withList) {
        ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
        model.addOpsetImportBuilder().setDomain("").setVersion(17);
        GraphProto.Builder graph = model.getGraphBuilder().setName("odd");
        type(graph.addInputBuilder().setName("ids").getTypeBuilder().getTensorTypeBuilder(), DataType.INT32);
        outputs.forEach((name, type) -> {
            graph.addNode(OnnxParts.node("Cast", List.of("ids"), name)
                    .addAttribute(OnnxParts.integer("to", type.getNumber())));
            type(graph.addOutputBuilder().setName(name).getTypeBuilder().getTensorTypeBuilder(), type);
        });
        if (withList) {
            graph.addNode(OnnxParts.node("SequenceConstruct", List.of("ids"), "list"));
            type(
                    graph.addOutputBuilder()
                            .setName("list")
                            .getTypeBuilder()
                            .getSequenceTypeBuilder()
                            .getElemTypeBuilder()
                            .getTensorTypeBuilder(),
                    DataType.INT32);
        }
        return OnnxSession.open(model.build().toByteArray(), NAME);
    }

    @Test
    void everyFloatingPointTypeIsReadAndOthersAreOneLine() {
        Map<String, DataType> outputs = new LinkedHashMap<>();
        outputs.put("numbers", DataType.FLOAT);
        outputs.put("half", DataType.FLOAT16);
        outputs.put("wide", DataType.DOUBLE);
        outputs.put("whole", DataType.INT64);
        outputs.put("yes", DataType.BOOL);
        List<Rows> rows = List.of(Rows.of(new long[] {3, Integer.MIN_VALUE}, 2));
        try (OnnxSession session = open(outputs, true)) {
            assertThat(session.run(rows).values()).containsExactly(3, Integer.MIN_VALUE);
            for (String name : List.of("numbers", "half", "wide")) {
                assertThat(session.run(rows, List.of(name)).get(name).values()[0])
                        .as(name)
                        .isEqualTo(3);
            }
            refused(session, "whole", "int64");
            refused(session, "yes", "bool");
            refused(session, "list", "no tensor");
            assertThatThrownBy(() -> session.run(List.of(Rows.of(new long[] {1, 1L << 31}, 2))))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            NAME + ": ids is int32, found 2147483648; give integers from -2147483648 to 2147483647");
        }
    }

    private static void refused(OnnxSession session, String output, String found) {
        assertThatThrownBy(() -> session.run(List.of(Rows.of(new long[] {1}, 1)), List.of(output)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        NAME + ": " + output + " is " + found + ", expected float32 or float64; name another output");
    }

    @Test
    void anOnlyOutputOfAnotherTypeIsOneLine() {
        for (boolean list : List.of(false, true)) {
            try (OnnxSession session = open(list ? Map.of() : Map.of("whole", DataType.INT64), list)) {
                assertThatThrownBy(() -> session.run(List.of(Rows.of(new long[] {1}, 1))))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageEndingWith(" expected float32 or float64; export the model with such an output");
            }
        }
    }
}
