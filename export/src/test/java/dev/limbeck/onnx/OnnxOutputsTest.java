package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto.DataType;
import ai.onnx.proto.OnnxMl.TensorShapeProto.Dimension;
import ai.onnx.proto.OnnxMl.TypeProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.data.Modalities;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.WordPiece;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test files whose outputs are of another shape than they say. */
class OnnxOutputsTest {
    @TempDir
    Path home;

    private static void shape(TypeProto.Tensor.Builder tensor, DataType type, Dimension.Builder... sizes) {
        tensor.setElemType(type.getNumber());
        for (Dimension.Builder size : sizes) tensor.getShapeBuilder().addDim(size);
    }

    private static Dimension.Builder open(String name) {
        return Dimension.newBuilder().setDimParam(name);
    }

    /** Give the ids themselves as two classes, flattened before an axis. */
    private Path model(long axis) throws IOException {
        ModelProto.Builder model = ModelProto.newBuilder().setIrVersion(8);
        model.addOpsetImportBuilder().setDomain("").setVersion(17);
        GraphProto.Builder graph = model.getGraphBuilder().setName("odd");
        shape(
                graph.addInputBuilder().setName("ids").getTypeBuilder().getTensorTypeBuilder(),
                DataType.INT64,
                open("n"),
                open("length"));
        graph.addNode(node("Cast", "ids", "wide", "to", DataType.FLOAT.getNumber()));
        graph.addNode(node("Flatten", "wide", "logits", "axis", axis));
        shape(
                graph.addOutputBuilder().setName("logits").getTypeBuilder().getTensorTypeBuilder(),
                DataType.FLOAT,
                open("m"),
                Dimension.newBuilder().setDimValue(2));
        List<String> words = List.of("[PAD]", "[UNK]", "[CLS]", "[SEP]", "card");
        TextPreprocessing text = new TextPreprocessing("text", new WordPiece(words, WordPiece.Rules.uncased(), 8));
        Modalities.metadata(text)
                .forEach((key, value) ->
                        model.addMetadataPropsBuilder().setKey(key).setValue(value));
        return Files.write(home.resolve("axis" + axis + ".onnx"), model.build().toByteArray());
    }

    private static NodeProto node(String operator, String from, String to, String key, long value) {
        return NodeProto.newBuilder()
                .setOpType(operator)
                .addInput(from)
                .addOutput(to)
                .addAttribute(AttributeProto.newBuilder()
                        .setName(key)
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(value))
                .build();
    }

    @Test
    void outputsAreRowsOfClassesOrRefused() throws IOException {
        // An empty text is two marks.
        try (TextPredictor predictor = TextPredictor.open(model(1))) {
            assertThat(predictor.predictAll(List.of("", "")).get(1).logits()).containsExactly(2, 3);
            assertThatThrownBy(() -> predictor.predictAll(List.of("card", "card")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            home.resolve("axis1.onnx") + " gives [2, 3] for 2 rows, expected [2, 2]; export it again");
        }
        try (TextPredictor predictor = TextPredictor.open(model(0))) {
            assertThatThrownBy(() -> predictor.predictAll(List.of("", "")))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining(" gives [1, 4] for 2 rows, expected [2, 2]");
        }
    }
}
