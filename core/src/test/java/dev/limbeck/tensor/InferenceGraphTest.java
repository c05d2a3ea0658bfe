package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test convolutions in scripts, with shapes that the engine computes wrongly in some layout. */
class InferenceGraphTest {
    /** Return the difference of a batch or its first image, which is computed in another way; the larger one. */
    private static double apart(Script script, Precision precision, Tensor x, Tensor expected) {
        try (InferenceGraph graph = script.forInference(precision)) {
            return Math.max(apart(graph, x, expected), apart(graph, x.narrow(0, 0, 1), expected.narrow(0, 0, 1)));
        }
    }

    private static double apart(InferenceGraph graph, Tensor x, Tensor expected) {
        return HardShapes.Difference.of(Tensors.toDoubles(graph.forward(x)), Tensors.toDoubles(expected));
    }

    private static Script script(String name, Tensor weight, String body) {
        return Script.compile(
                name,
                Map.of("weight", weight),
                Map.of(),
                Map.of(),
                "def forward(self, x: Tensor) -> Tensor:\n    return " + body + "\n");
    }

    @HardShapes
    void convolvesAsDoublePrecisionDoes(long in, long out, long kernel, long size, long groups) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            Tensor x = Tensors.randn(4, in, size, size);
            Tensor weight = Tensors.randn(out, in / groups, kernel, kernel);
            long padding = kernel / 2;
            Tensor expected = LayerOps.conv2d(
                    Tensors.to(x, DType.FLOAT64), Tensors.to(weight, DType.FLOAT64), null, 1, padding, 1, groups);
            String body = "torch.conv2d(x, self.weight, None, [1, 1], [" + padding + ", " + padding + "], [1, 1], "
                    + groups + ")";
            try (Script script = script("Convolves", weight, body)) {
                assertThat(apart(script, Precision.FP32, x, expected))
                        .as("float32")
                        .isLessThan(1e-5);
                assertThat(apart(script, Precision.BF16, x, expected))
                        .as("bfloat16")
                        .isLessThan(0.03);
            }
        }
    }

    @Test
    void oneWeightMayServeSeveralConvolutions() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            Tensor x = Tensors.randn(2, 8, 4, 4);
            Tensor weight = Tensors.randn(8, 8, 1, 1);
            Tensor once = LayerOps.conv2d(x, weight, null, 1, 0, 1, 1);
            Tensor twice = LayerOps.conv2d(once, weight, null, 1, 0, 1, 1);
            String inner = "torch.conv2d(x, self.weight)";
            try (Script script = script("Twice", weight, "torch.conv2d(" + inner + ", self.weight)")) {
                assertThat(apart(script, Precision.FP32, x, twice)).isLessThan(1e-5);
            }
        }
    }

    /** Small images are products, others convolutions; both are those of double precision. */
    @ParameterizedTest
    @CsvSource({
        "256, 64, 4, 4, 1, 1, true",
        "256, 64, 1, 1, 1, 1, true",
        "256, 64, 2, 3, 1, 1, true",
        "512, 64, 2, 2, 1, 1, true",
        "256, 64, 4, 4, 2, 1, true",
        "256, 64, 2, 2, 1, 2, true",
        "256, 64, 7, 8, 2, 1, true",
        "256, 64, 9, 5, 2, 0, true",
        "256, 64, 3, 3, 3, 2, true",
        "300, 66, 4, 6, 1, 0, true",
        "256, 64, 12, 12, 1, 1, true",
        "256, 64, 4, 5, 1, 1, true",
        "256, 64, 4, 12, 4, 1, true",
        "512, 64, 7, 7, 1, 1, true",
        "512, 64, 5, 10, 1, 1, true",
        "128, 64, 4, 4, 1, 1, false",
    })
    void smallImagesOfManyChannels(
            long in, long out, long height, long width, long stride, long padding, boolean replaced) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            Tensor weight = Tensors.randn(out, in, 3, 3);
            Tensor bias = Tensors.randn(out);
            long outputs = Im2col.side(height, 3, stride, padding) * Im2col.side(width, 3, stride, padding);
            String how = "[%d, %d], [%d, %d]".formatted(stride, stride, padding, padding);
            for (String end : List.of(
                    "torch.conv2d(x, self.weight, None, " + how + ")",
                    "torch.conv2d(x, self.weight, self.bias, " + how + ")",
                    "torch._convolution(x, self.weight, self.bias, " + how
                            + ", [1, 1], False, [0, 0], 1, False, False, True, True)")) {
                try (Script script = Script.compile(
                                "Products",
                                Map.of("weight", weight, "bias", bias),
                                Map.of(),
                                Map.of(),
                                "def forward(self, x: Tensor) -> Tensor:\n    return torch.relu(" + end + ")\n");
                        InferenceGraph products = script.forInference(Precision.BF16, any -> true, false);
                        InferenceGraph plain = script.forInference(Precision.BF16, any -> false, false);
                        InferenceGraph full = script.forInference(Precision.FP32, any -> true, false)) {
                    assertThat(products.has("aten::as_strided")).isEqualTo(replaced);
                    assertThat(plain.has("aten::as_strided")).isFalse();
                    assertThat(full.has("aten::as_strided")).isEqualTo(replaced);
                    for (int images : new int[] {1, 2, 5}) {
                        Tensor x = Tensors.randn(images, in, height, width);
                        Tensor added = end.contains("None") ? null : bias;
                        Tensor expected = convolved(DType.FLOAT64, x, weight, added, stride, padding, LayerOps::conv2d);
                        double[] found = Tensors.toDoubles(products.forward(x));
                        assertThat(HardShapes.Difference.of(found, Tensors.toDoubles(expected)))
                                .isLessThan(0.03);
                        assertThat(HardShapes.Difference.of(
                                        Tensors.toDoubles(full.forward(x)), Tensors.toDoubles(expected)))
                                .isLessThan(1e-5);
                        Way product = height * width == 1
                                ? (a, w, b, s, p, d, g) -> Kn2row.conv2d(a, w, Ops.optional(b), s, p)
                                : (a, w, b, s, p, d, g) -> Im2col.conv2d(a, w, Ops.optional(b), s, p);
                        Tensor same = replaced && outputs <= Im2col.mostPixels(in, true)
                                ? convolved(DType.BFLOAT16, x, weight, added, stride, padding, product)
                                : plain.forward(x);
                        assertThat(found).isEqualTo(Tensors.toDoubles(Tensors.toFloat32(same)));
                    }
                    if (padding == 0) {
                        assertThatThrownBy(() -> products.forward(Tensors.randn(2, in, 2, 2)))
                                .hasMessageContaining("Kernel size can't be greater than actual input size");
                    }
                }
            }
        }
    }

    private interface Way {
        Tensor of(
                Tensor x, Tensor weight, @Nullable Tensor bias, long stride, long padding, long dilation, long groups);
    }

    private static Tensor convolved(
            DType type, Tensor x, Tensor weight, @Nullable Tensor bias, long stride, long padding, Way way) {
        Tensor pixels = Tensors.channelsLast(Tensors.to(x, type));
        Tensor kernel = Tensors.channelsLast(Tensors.to(weight, type));
        Tensor added = bias == null ? null : Tensors.to(bias, type);
        return way.of(pixels, kernel, added, stride, padding, 1, 1).relu();
    }
}
