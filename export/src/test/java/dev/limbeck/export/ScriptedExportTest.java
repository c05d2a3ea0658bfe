package dev.limbeck.export;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Task;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.tensor.DType;
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
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test scripts whose operations or weights need special care in an exported file. */
class ScriptedExportTest {
    private static final int SIDE = 8;

    @TempDir
    Path home;

    private float[] exported(
            Map<String, Tensor> weights, String body, int classes, Tensor x, UnaryOperator<Exporter> how) {
        Path file = home.resolve("given.pt");
        Path out = home.resolve("out");
        try (Script script = Script.compile(
                "Given",
                weights,
                Map.of(),
                Map.of(),
                "def forward(self, x: Tensor) -> Tensor:\n    " + body.replace("; ", "\n    ") + "\n")) {
            script.save(file, Map.of());
        }
        try (Script script = TorchScriptFile.open(file).load()) {
            List<String> names =
                    IntStream.range(0, classes).mapToObj(i -> "class " + i).toList();
            how.apply(Exporter.of(
                            script,
                            file,
                            new Task.SingleLabel(names),
                            new ImagePreprocessing(
                                    SIDE, SIDE, Resize.CROP, List.of(0.0, 0.0, 0.0), List.of(1.0, 1.0, 1.0))))
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
