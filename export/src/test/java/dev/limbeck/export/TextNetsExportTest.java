package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.AttributeProto;
import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.ModelProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import ai.onnx.proto.OnnxMl.TensorProto;
import com.google.protobuf.ByteString;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.onnx.TextPredictor;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.text.HashedWords;
import dev.limbeck.text.TextPreprocessing;
import dev.limbeck.text.Tokenizer;
import dev.limbeck.text.WordPiece;
import dev.limbeck.weights.TorchScriptFile;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Test that exported networks of texts in order hold their tokenizer, and that padding changes nothing. */
class TextNetsExportTest {
    private static final List<String> WORDS =
            List.of("[UNK]", "[CLS]", "[SEP]", "[PAD]", "my", "card", "is", "lost", "late", "##ly", "where", "?");
    private static final List<String> TEXTS = List.of(
            "Where is my card?", "Lately lost", "", "My card, my card, my card is late. " + "Lost! ".repeat(40));

    @TempDir
    Path home;

    static Stream<Arguments> networks() {
        return Stream.of("text-cnn-6", "bilstm-6")
                .flatMap(name -> Stream.of(
                                new WordPiece(WORDS, WordPiece.Rules.uncased(), 64), new HashedWords(50, 64).ordered())
                        .flatMap(tokens ->
                                Stream.of(Precision.FP32, Precision.FP16).map(to -> Arguments.of(name, tokens, to))));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void filesReadTextsAsTheModelDoes(String name, Tokenizer tokens, Precision precision) {
        Tensors.seed(4);
        String input = tokens.kind() == Tokenizer.Kind.WORDS ? InputSpec.WORDS : InputSpec.TOKENS;
        List<InputSpec> inputs = List.of(InputSpec.ids(input, tokens.size(), tokens.pad(), InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(2, inputs)) {
            Path out = home.resolve("dist");
            Exporter.of(network, new Task.SingleLabel(List.of("card", "other")), new TextPreprocessing("text", tokens))
                    .as(Format.ONNX, Format.TORCHSCRIPT)
                    .options(OnnxFile.Options.defaults().at(precision))
                    .export(out);
            double tolerance = precision == Precision.FP32 ? 1e-4 : 1e-2;
            try (TextPredictor predictor = TextPredictor.open(out.resolve("model.onnx"));
                    Script script = TorchScriptFile.open(out.resolve(Format.TORCHSCRIPT.fileName()))
                            .load();
                    Scope scope = Scope.open()) {
                for (int i = 0; i < TEXTS.size(); i++) {
                    long[] ids = tokens.encode(TEXTS.get(i));
                    if (ids.length == 0) ids = new long[] {tokens.pad()};
                    Tensor alone = Tensors.of(ids, 1, ids.length);
                    double[] expected = Tensors.toDoubles(network.predict(alone));
                    assertThat(Tensors.toDoubles(script.forward(alone))).containsExactly(expected, within(1e-5));
                    double[] found = predictor.predict(TEXTS.get(i)).logits();
                    assertThat(found).containsExactly(expected, within(tolerance));
                    assertThat(predictor.predictAll(TEXTS).get(i).logits()).containsExactly(found, within(1e-6));
                }
            }
        }
    }

    /** Only products and embeddings are in int8: the mask of padding would take all steps of a range. */
    @ParameterizedTest
    @CsvSource({"bert-L2-H64-A2-mean, input_ids", "bag-16, ids"})
    void smallFilesOfEncodersAndBagsHaveNearlyTheSameOutputs(String name, String input) throws IOException {
        Tensors.seed(6);
        List<InputSpec> inputs = List.of(InputSpec.ids(input, 500, 0, InputSpec.FREE));
        try (Module network = Zoo.byName(name).create(3, inputs);
                Script script = ScriptWriter.compile(network);
                Scope scope = Scope.open()) {
            network.eval();
            long[] ids = new long[6 * 20];
            for (int i = 0; i < ids.length; i++) ids[i] = i % 20 < 5 + i / 20 * 3 ? 1 + i * 37L % 499 : 0;
            Tensor padded = Tensors.of(ids, 6, 20);
            double[] expected = Tensors.toDoubles(network.predict(padded));
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            ModelProto model = onnx(script, inputs);
            assertThat(OnnxQuantizer.observed(model)).isEmpty();
            ModelProto small = OnnxQuantizer.int8(model, Map.of());
            assertThat(small.getSerializedSize()).isLessThan((int) (0.45 * model.getSerializedSize()));
            Path file = Files.write(home.resolve("small.onnx"), small.toByteArray());
            try (OnnxModel written = OnnxModel.open(file, 1)) {
                double[] found = Tensors.toDoubles(written.forward(Inputs.of(padded)));
                assertThat(found).containsExactly(expected, within(0.05 * largest));
                assertThat(found).as("it is another file").isNotEqualTo(expected);
            }
        }
    }

    /** A service that collects requests would otherwise answer according to who else asks. */
    @Test
    void rowsOfASmallFileDoNotDependOnOthersOfTheirBatch() throws IOException {
        Tensors.seed(7);
        List<InputSpec> inputs = List.of(InputSpec.floats(16));
        try (Module network = Zoo.byName("mlp-32-16").create(3, inputs);
                Script script = ScriptWriter.compile(network);
                Scope scope = Scope.open()) {
            network.eval();
            ModelProto small = OnnxQuantizer.int8(onnx(script, inputs), Map.of());
            Path file = Files.write(home.resolve("rows.onnx"), small.toByteArray());
            Tensor rows = Tensors.randn(3, 16);
            float[] values = Tensors.toFloats(rows);
            for (int i = 0; i < 16; i++) {
                values[16 + i] *= 1000;
                values[32 + i] = 0;
            }
            Tensor mixed = Tensors.of(values, 3, 16);
            double[] expected = Tensors.toDoubles(network.predict(mixed));
            try (OnnxModel written = OnnxModel.open(file, 1)) {
                double[] together = Tensors.toDoubles(written.forward(Inputs.of(mixed)));
                for (int row = 0; row < 3; row++) {
                    double[] alone = Tensors.toDoubles(written.forward(Inputs.of(mixed.narrow(0, row, 1))));
                    assertThat(Arrays.copyOfRange(together, 3 * row, 3 * row + 3))
                            .containsExactly(alone);
                    double[] own = Arrays.copyOfRange(expected, 3 * row, 3 * row + 3);
                    double largest = Arrays.stream(own).map(Math::abs).max().orElseThrow();
                    assertThat(alone).containsExactly(own, within(0.05 * largest));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"0, true", "1, false"})
    void onlyLookupsOfRowsAreInInt8AndTheirConstantsStay(int axis, boolean small) {
        TensorProto table = TensorProto.newBuilder()
                .setName("table")
                .setDataType(TensorProto.DataType.FLOAT.getNumber())
                .addDims(16)
                .addDims(8)
                .setRawData(ByteString.copyFrom(new byte[16 * 8 * 4]))
                .build();
        TensorProto ids = TensorProto.newBuilder()
                .setName("rows")
                .setDataType(TensorProto.DataType.INT64.getNumber())
                .addDims(3)
                .setRawData(ByteString.copyFrom(new byte[3 * 8]))
                .build();
        NodeProto gather = NodeProto.newBuilder()
                .setOpType("Gather")
                .addInput("table")
                .addInput("rows")
                .addOutput("y")
                .addAttribute(AttributeProto.newBuilder()
                        .setName("axis")
                        .setType(AttributeProto.AttributeType.INT)
                        .setI(axis))
                .build();
        GraphProto graph = GraphProto.newBuilder()
                .addInitializer(table)
                .addInitializer(ids)
                .addNode(gather)
                .build();
        GraphProto found = OnnxQuantizer.int8(
                        ModelProto.newBuilder().setGraph(graph).build(), Map.of())
                .getGraph();
        assertThat(found.getInitializerList()).contains(ids);
        assertThat(found.getInitializerList().contains(table)).isNotEqualTo(small);
    }

    /** The engine's LSTM in all of its forms; one step is three numbers, and a layer has two cells. */
    @ParameterizedTest
    @CsvSource({
        "1, true, false, true",
        "1, false, false, false",
        "2, true, false, false",
        "3, true, true, true",
        "2, false, true, true"
    })
    void anyLstmIsWritten(int layers, boolean biases, boolean bothEnds, boolean batchFirst) throws IOException {
        Tensors.seed(9);
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = new LinkedHashMap<>();
            int directions = bothEnds ? 2 : 1;
            for (int i = 0; i < layers * directions; i++) {
                weights.put("i" + i, Tensors.randn(8, i < directions ? 3 : 2 * directions));
                weights.put("h" + i, Tensors.randn(8, 2));
                if (!biases) continue;
                weights.put("a" + i, Tensors.randn(8));
                weights.put("b" + i, Tensors.randn(8));
            }
            String source = """
                    def forward(self, x: Tensor):
                        c = torch.zeros([%1$d, %2$s, 2])
                        weights = [%3$s]
                        y = torch.lstm(x, [c + 0.5, c], weights, %4$s, %5$d, 0.5, False, %6$s, %7$s)[0]
                        return torch.flatten(y, 1)
                    """.formatted(
                    layers * directions,
                    batchFirst ? "x.size(0)" : "x.size(1)",
                    String.join(
                            ", ",
                            weights.keySet().stream().map(one -> "self." + one).toList()),
                    word(biases),
                    layers,
                    word(bothEnds),
                    word(batchFirst));
            Tensor x = Tensors.randn(4, 5, 3);
            try (Script script = Script.compile("Given", weights, Map.of(), Map.of(), source)) {
                double[] expected = Tensors.toDoubles(script.forward(x));
                ModelProto model = onnx(script);
                assertThat(model.getGraph().getNodeList().stream()
                                .map(NodeProto::getOpType)
                                .filter("LSTM"::equals))
                        .hasSize(layers);
                Path file = Files.write(home.resolve("lstm.onnx"), model.toByteArray());
                try (OnnxModel written = OnnxModel.open(file, 1)) {
                    assertThat(Tensors.toDoubles(written.forward(Inputs.of(x))))
                            .containsExactly(expected, within(1e-5));
                }
            }
        }
    }

    private static ModelProto onnx(Script script) {
        return onnx(script, List.of(InputSpec.floats(InputSpec.FREE, 3)));
    }

    private static ModelProto onnx(Script script, List<InputSpec> inputs) {
        return OnnxFile.of(script, inputs, null, Task.Kind.SINGLE_LABEL, 10, Map.of(), OnnxFile.Options.defaults());
    }

    private static String word(boolean is) {
        return is ? "True" : "False";
    }

    @Test
    void otherStatesOfAnLstmAreRefusedInOneLine() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of("i", Tensors.randn(8, 3), "h", Tensors.randn(8, 2));
            String source = """
                    def forward(self, x: Tensor):
                        c = torch.zeros([1, x.size(0), 2])
                        return torch.lstm(x, [c, c], [self.i, self.h], False, 1, 0.0, %s, False, True)[%d][0]
                    """;
            try (Script last = Script.compile("Last", weights, Map.of(), Map.of(), source.formatted("False", 1))) {
                assertThatThrownBy(() -> onnx(last))
                        .isInstanceOf(LimbeckException.class)
                        .hasMessageContaining("can't be written as ONNX: it needs %");
            }
        }
    }

    /** Convolutions over steps with any stride, dilation and groups. */
    @Test
    void convolutionsOverStepsAreWritten() throws IOException {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of("w", Tensors.randn(6, 2, 3), "b", Tensors.randn(6));
            String source = """
                    def forward(self, x: Tensor):
                        y = torch.conv1d(torch.transpose(x, 1, 2), self.w, self.b, [2], [2], [2], 2)
                        return torch.flatten(y, 1)
                    """;
            Tensor x = Tensors.randn(3, 9, 4);
            try (Script script = Script.compile("Steps", weights, Map.of(), Map.of(), source)) {
                ModelProto model = OnnxFile.of(
                        script,
                        List.of(InputSpec.floats(InputSpec.FREE, 4)),
                        null,
                        Task.Kind.SINGLE_LABEL,
                        30,
                        Map.of(),
                        OnnxFile.Options.defaults());
                Path file = Files.write(home.resolve("steps.onnx"), model.toByteArray());
                try (OnnxModel written = OnnxModel.open(file, 1)) {
                    assertThat(Tensors.toDoubles(written.forward(Inputs.of(x))))
                            .containsExactly(Tensors.toDoubles(script.forward(x)), within(1e-5));
                }
            }
        }
    }
}
