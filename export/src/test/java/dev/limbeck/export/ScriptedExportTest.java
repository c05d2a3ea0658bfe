package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.onnx.proto.OnnxMl.GraphProto;
import ai.onnx.proto.OnnxMl.NodeProto;
import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InputSpec;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.weights.TorchScriptFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test scripts whose operations or weights need special care in an exported file. */
class ScriptedExportTest {
    private static final int SIDE = 8;
    private static final ImagePreprocessing PREPROCESSING =
            new ImagePreprocessing(SIDE, SIDE, Resize.CROP, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0));

    private int exports;

    @TempDir
    Path home;

    private static String source(String body) {
        return "def forward(self, x: Tensor) -> Tensor:\n    " + body.replace("; ", "\n    ") + "\n";
    }

    private float[] exported(
            Map<String, Tensor> weights, String body, int classes, Tensor x, UnaryOperator<Exporter> how) {
        Path file = home.resolve("given.pt");
        Path out = home.resolve("out" + exports++);
        try (Script script = Script.compile("Given", weights, Map.of(), Map.of(), source(body))) {
            script.save(file, Map.of());
        }
        try (Script script = TorchScriptFile.open(file).load()) {
            List<String> names =
                    IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
            how.apply(Exporter.of(script, file, new Task.SingleLabel(names), PREPROCESSING))
                    .export(out);
        }
        try (OnnxModel model = OnnxModel.open(out.resolve(Format.ONNX.fileName()), 1)) {
            return Tensors.toFloats(model.forward(Inputs.of(x)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "y = x * 2.0; z = torch.relu_(y); return (z * 0.5 + y).mean([2, 3])",
                "y = x * 2.0; v = y[:, 0:2]; v.mul_(3.0); return y.mean([2, 3])",
                "y = x * 2.0; v = y.view(-1, 3, 64); y.mul_(3.0); return v.mean([2])",
                "y = x.mean([2, 3]); y.mul_(3.0); return y.add(y.mul_(2.0)).add(y)"
            })
    void refusesToReadWhatChangedInPlaceByAnotherName(String body) {
        assertThatThrownBy(() -> exported(Map.of(), body, 3, Tensors.zeros(DType.FLOAT32, 1, 3, SIDE, SIDE), e -> e))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("in place");
    }

    @Test
    void writesOperationsInPlaceWhoseResultIsReadAlone() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.randn(5, 3, SIDE, SIDE);
            float[] found = exported(
                    Map.of(), "y = torch.relu_(x * 2.0); y = y.mul_(3.0); return y.mean([2, 3])", 3, x, e -> e);
            float[] values = Tensors.toFloats(x);
            float[] expected = new float[15];
            for (int i = 0; i < values.length; i++) expected[i / 64] += Math.max(0, values[i] * 6) / 64;
            assertThat(found).containsExactly(expected, within(1e-4f));
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {1e7f, 1e-7f})
    void halfPrecisionLeavesWeightsThatItCannotHold(float size) {
        try (Scope scope = Scope.open()) {
            Tensor weight = Ops.mul(Tensors.randn(40, 3), size);
            Tensor x = Tensors.randn(2, 3, SIDE, SIDE);
            float[] found = exported(
                    Map.of("weight", weight),
                    "return torch.linear(x.mean([2, 3]), self.weight)",
                    40,
                    x,
                    e -> e.options(new OnnxFile.Options(true, false, false, Precision.FP16)));
            float[] expected = Tensors.toFloats(
                    x.mean(new long[] {2, 3}).matmul(weight.t()).contiguous());
            assertThat(found).containsExactly(expected, within(1e-5f * size));
        }
    }

    /** They have no columns to scale; a stack gave a broken file, and a vector an exception. */
    @Test
    void vectorsAndStacksOfMatricesStayFloatInInt8() {
        try (Scope scope = Scope.open();
                ImageData data = images()) {
            int classes = data.classNames().size();
            Tensor stack = Tensors.randn(1, SIDE, classes);
            Tensor vector = Tensors.randn(SIDE);
            Tensor x = Tensors.randn(2, 3, SIDE, SIDE);
            float[] found = exported(
                    Map.of("stack", stack, "vector", vector),
                    "return torch.matmul(torch.matmul(x, self.vector), self.stack).mean([1])",
                    classes,
                    x,
                    e -> e.options(new OnnxFile.Options(true, false, false, Precision.INT8))
                            .verifiedOn(data, Split.TEST));
            float[] expected = Tensors.toFloats(
                    x.matmul(vector).matmul(stack).mean(new long[] {1}).contiguous());
            assertThat(found).containsExactly(expected, within(1e-4f));
        }
    }

    /** Compare the exported file's outputs with LibTorch's, whatever their number. */
    private void assertExportedAsComputed(Map<String, Tensor> weights, String body) {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.randn(4, 3, SIDE, SIDE);
            float[] expected;
            try (Script script = Script.compile("Given", weights, Map.of(), Map.of(), source(body))) {
                expected = Tensors.toFloats(script.forward(Inputs.of(x)).contiguous());
            }
            float[] found = exported(weights, body, expected.length / 4, x, e -> e);
            assertThat(found).as(body).containsExactly(expected, within(1e-4f));
        }
    }

    private void assertRefused(String body, String message) {
        assertThatThrownBy(() -> exported(Map.of(), body, 3, Tensors.zeros(DType.FLOAT32, 1, 3, SIDE, SIDE), e -> e))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(message)
                .hasMessageNotContaining("\n");
    }

    @Test
    void aComputedBiasIsNotLost() {
        assertExportedAsComputed(
                Map.of("weight", Tensors.randn(3, 3)),
                "y = x.mean([2, 3]); return torch.linear(y, self.weight, y.mean([0]))");
        assertThatThrownBy(() -> assertExportedAsComputed(
                        Map.of("weight", Tensors.randn(3, 3, 3, 3)),
                        "return torch.conv2d(x, self.weight, x.mean([0, 2, 3])).mean([2, 3])"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("its bias is computed");
    }

    /** The negative axis, and the transposition of a matrix, need the rank. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "return ((self.prototypes.unsqueeze(1) - x.mean([2, 3])) ** 2).sum(-1).t()",
                "return ((self.stack + x.mean([2, 3])) ** 2).sum(-1).t()",
                "return (torch.rsub(x.mean([2, 3]), self.stack) ** 2).sum(-1).t()",
                "return (torch.rsub(self.stack, x.mean([2, 3])) ** 2).sum(-1).t()",
                "return x.mean([2, 3]) + x.mean([0, 2, 3]).t()",
                "return torch.adaptive_avg_pool2d(x.mean([2, 3], True) * self.map, [2, 2]).flatten(1)",
                "return torch.adaptive_avg_pool2d(x.mean([2, 3], True) * self.map.unsqueeze(0), [2, 2]).flatten(1)"
            })
    void constantsOfAHigherRankGiveTheirRank(String body) {
        assertExportedAsComputed(
                Map.of(
                        "prototypes", Tensors.randn(5, 3),
                        "stack", Tensors.randn(5, 1, 3),
                        "map", Tensors.randn(3, 4, 4)),
                body);
    }

    /** Kernel, stride and padding, with a last window that starts inside the map or its padding, or beyond. */
    @ParameterizedTest
    @ValueSource(
            strings = {"2, 2, 0", "3, 2, 1", "2, 2, 1", "2, 3, 1", "1, 2, 0", "3, 2, 0", "3, 3, 1", "2, 3, 0", "4, 3, 2"
            })
    void poolingCountsAndMovesAsComputed(String window) {
        String map = "constant_pad_nd(x, [0, %d, 0, %d])";
        for (String y : List.of("x", "torch." + map.formatted(-1, -3), "torch." + map.formatted(2, 1))) {
            String[] each = window.split(", ");
            String place = "[%s, %<s], [%s, %<s], [%s, %<s]".formatted((Object[]) each);
            String averages = "torch.avg_pool2d(y, " + place + ", %s, %s).flatten(1)";
            assertExportedAsComputed(
                    Map.of(),
                    "y = " + y + "; return torch.cat(["
                            + String.join(
                                    ", ",
                                    averages.formatted("True", "True"),
                                    averages.formatted("True", "False"),
                                    averages.formatted("False", "True"),
                                    averages.formatted("False", "False"),
                                    "torch.max_pool2d(y, " + place + ", [1, 1], True).flatten(1)",
                                    "torch.max_pool2d(y, " + place + ", [1, 1], False).flatten(1)")
                            + "], 1)");
        }
    }

    @Test
    void poolingOfAnUnknownSizeCountsAsComputedOrIsRefused() {
        String body = "return torch.avg_pool2d(x[:, :, 0:7, 0:5], [3, 3], [2, 2], %s).flatten(1)";
        assertExportedAsComputed(Map.of(), body.formatted("[0, 0], True, True"));
        assertExportedAsComputed(Map.of(), body.formatted("[1, 1], True, False"));
        assertExportedAsComputed(Map.of(), body.formatted("[1, 1], False, True"));
        assertThatThrownBy(() -> assertExportedAsComputed(Map.of(), body.formatted("[1, 1], True, True")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("set count_include_pad=False or ceil_mode=False");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.constant_pad_nd(x, [0, -4, 0, -4])",
                "torch.constant_pad_nd(x, [0, 2, 0, -2])",
                "torch.constant_pad_nd(x, [3, -1, 1, 1])",
                "torch.max_pool2d(x, [1, 1], [2, 2], [0, 0], [1, 1], True)",
                "torch.max_pool2d(x, [3, 3], [1, 1], [0, 0], [1, 1], True)"
            })
    void poolingToASizeKnowsTheHeightAndWidth(String map) {
        assertExportedAsComputed(Map.of(), "return torch.adaptive_avg_pool2d(" + map + ", [2, 2]).flatten(1)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"torch.linear(x, torch.ones([4, 8]))", "torch.linear(x, self.weight)", "x[:, :, 0:4, :]"})
    void poolingOfAnUnknownHeightAndWidthIsRefused(String map) {
        assertThatThrownBy(() -> assertExportedAsComputed(
                        Map.of("weight", Tensors.randn(4, SIDE)),
                        "return torch.adaptive_avg_pool2d(" + map + ", [2, 2]).flatten(1)"))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("height and width are not known");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.narrow(x, 1, -2, 2)",
                "torch.narrow(x, 1, -3, 2)",
                "torch.narrow(x, 1, 1, 2)",
                "torch.narrow(x, 2, -8, x.size(3))"
            })
    void negativeStartsCountFromTheEnd(String part) {
        assertExportedAsComputed(Map.of(), "return " + part + ".mean([2, 3])");
    }

    @Test
    void attentionWithDropoutOrSharedKeysIsRefused() {
        String attention = "return torch.scaled_dot_product_attention(x, %s, %<s, None, %s, False).mean([2, 3])";
        assertExportedAsComputed(Map.of(), attention.formatted("x", "0.0"));
        assertRefused(attention.formatted("x", "0.5"), "it is random; save the module in eval mode");
        String shared = attention.formatted("x[:, 0:1]", "0.0").replace("False", "False, scale=None, enable_gqa=True");
        assertRefused(shared, "heads");
    }

    @Test
    void printsAndWarningsAreNotWritten() {
        try (Script script = Script.compile(
                "Given",
                Map.of(),
                Map.of(),
                Map.of(),
                source("print('seen'); torch.warn('seen'); return x.mean([2, 3])"))) {
            assertThat(graph(script).getNodeList())
                    .extracting(NodeProto::getOpType)
                    .containsExactly("ReduceMean", "Identity");
        }
    }

    @Test
    void whatIsNotATensorIsSaidInWords() {
        String message = "it needs a tensor, found a size";
        assertRefused("if x.size(1) != 3:\n        x = x * 2.0\n    return x.mean([2, 3])", message);
        assertRefused("return x.mean([2, 3]) * x.size(1)", message);
    }

    /** ONNX Runtime dropped the transposition; the negative axis needs the rank without the last dimension. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "torch.matmul(x.transpose(2, 3), self.vector).sum([-2])",
                "torch.matmul(x.mean([1]).transpose(1, 2), self.vector)",
                "torch.matmul(torch.matmul(self.vector, x.transpose(2, 3)).transpose(1, 2), self.three)"
            })
    void transposedMatricesTimesAVectorAreExportedAsComputed(String returned) {
        try (Scope scope = Scope.open()) {
            Tensor vector = Tensors.randn(SIDE);
            Tensor x = Tensors.randn(2, 3, SIDE, SIDE);
            float[] found = exported(
                    Map.of("vector", vector, "three", Tensors.randn(3)), "return " + returned, SIDE, x, e -> e);
            try (Script script = TorchScriptFile.open(home.resolve("given.pt")).load()) {
                assertThat(found)
                        .containsExactly(
                                Tensors.toFloats(script.forward(Inputs.of(x)).contiguous()), within(1e-4f));
            }
        }
    }

    private static final class Means extends Module {
        @Override
        protected Tensor forward(Tensor x) {
            return x.mean(new long[] {2, 3});
        }

        @Override
        public String script() {
            return "def forward(self, x: Tensor):\n    return x.mean([2, 3])\n";
        }
    }

    @Test
    void anExportLeavesNoTensorsAndTheModeOfItsNetwork() {
        List<String> names = List.of("red", "green", "blue");
        Task numbers = new Task.Regression(names, List.of(1.0, 2.0, 3.0), List.of(4.0, 5.0, 6.0));
        try (Module network = new Means()) {
            long pointers = 0;
            for (int i = 0; i < 3; i++) {
                pointers = Pointer.totalCount();
                Exporter.of(network, numbers, PREPROCESSING).export(home.resolve("numbers" + i));
            }
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
            assertThat(network.isTraining()).isTrue();
        }
        try (Scope scope = Scope.open();
                OnnxModel model = OnnxModel.open(home.resolve("numbers0/" + Format.ONNX.fileName()), 1)) {
            float[] found =
                    Tensors.toFloats(model.forward(Inputs.of(Tensors.full(0.5, DType.FLOAT32, 1, 3, SIDE, SIDE))));
            assertThat(found).containsExactly(new float[] {3, 4.5f, 6}, within(1e-6f));
        }
    }

    @Test
    void transposedWeightsAreFreed() {
        Map<String, Tensor> weights = Map.of("weight", Tensors.randn(3, 3));
        try (Script script = Script.compile(
                "Given", weights, Map.of(), Map.of(), source("return torch.linear(x.mean([2, 3]), self.weight)"))) {
            long pointers = 0;
            for (int i = 0; i < 3; i++) {
                pointers = Pointer.totalCount();
                graph(script);
            }
            assertThat(Pointer.totalCount()).isLessThanOrEqualTo(pointers);
        }
    }

    private static GraphProto graph(Script script) {
        InputSpec image = InputSpec.floats(3, SIDE, SIDE);
        return OnnxFile.of(script, List.of(image), null, Task.Kind.EMBEDDING, 3, Map.of(), OnnxFile.Options.defaults())
                .getGraph();
    }

    private static ImageData images() {
        return Datasets.open("shapes:40:10:10")
                .imageSize(SIDE)
                .resize(Resize.CROP)
                .normalize(new double[] {0, 0, 0}, new double[] {1, 1, 1})
                .build();
    }

    /** Without VNNI, ONNX Runtime adds two products in 16 bits, and clipped those of bright images. */
    @Test
    void sumsOfLargeProductsAreNotClippedInInt8() {
        try (Scope scope = Scope.open();
                ImageData data = images()) {
            int classes = data.classNames().size();
            float[] weights = new float[classes * 3];
            for (int i = 0; i < weights.length; i++) weights[i] = 1 + i / 3;
            double bright = 0.85;
            float[] found = exported(
                    Map.of(
                            "weight",
                            Tensors.of(weights, classes, 3, 1, 1),
                            "bias",
                            Tensors.zeros(DType.FLOAT32, classes)),
                    "return torch.conv2d(x, self.weight, self.bias).mean([2, 3])",
                    classes,
                    Tensors.full(bright, DType.FLOAT32, 1, 3, SIDE, SIDE),
                    e -> e.options(new OnnxFile.Options(true, false, false, Precision.INT8))
                            .verifiedOn(data, Split.TEST));
            float[] expected = new float[classes];
            for (int c = 0; c < classes; c++) expected[c] = (float) (3 * (1 + c) * bright);
            assertThat(found).containsExactly(expected, within(0.03f * 3 * classes));
        }
    }

    @Test
    void smallIntegersKeepTheBiasOfAChannelWithoutWeights() {
        try (Scope scope = Scope.open();
                ImageData data = images()) {
            int classes = data.classNames().size();
            float[] bias = new float[classes];
            for (int c = 0; c < classes; c++) bias[c] = 3 - 2 * c;
            float[] found = exported(
                    Map.of("weight", Tensors.zeros(DType.FLOAT32, classes, 3, 3, 3), "bias", Tensors.of(bias, classes)),
                    "return torch.conv2d(x, self.weight, self.bias).mean([2, 3])",
                    classes,
                    Tensors.randn(1, 3, SIDE, SIDE),
                    e -> e.options(new OnnxFile.Options(true, false, false, Precision.INT8))
                            .verifiedOn(data, Split.TEST));
            assertThat(found).containsExactly(bias, within(0.2f));
        }
    }
}
