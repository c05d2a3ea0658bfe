package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.JitModule;
import org.bytedeco.pytorch.QualifiedName;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Test single images, whose weights oneDNN reads packed on AVX-512; other processors run the same tests in their own way. */
class PackedGraphTest {
    private static final String BODY = """
            def forward(self, x: Tensor) -> Tensor:
                y = torch.relu(torch.conv2d(x, self.first, self.bias, [2, 1], [1, 2], [1, 1], 1))
                z = torch.conv2d(y, self.deep, None, [1, 1], [0, 0], [2, 2], 3)
                return torch.conv2d(z, self.last) + y.mean()
            """;

    private static Map<String, Tensor> weights() {
        return Map.of(
                "first", Tensors.randn(6, 4, 3, 3),
                "bias", Tensors.randn(6),
                "deep", Tensors.randn(9, 2, 3, 3),
                "last", Tensors.randn(5, 9, 2, 2));
    }

    private static Tensor expected(Map<String, Tensor> weights, Tensor x) {
        Tensor y = torch.conv2d(
                        x,
                        weights.get("first"),
                        Ops.optional(weights.get("bias")),
                        new long[] {2, 1},
                        new long[] {1, 2},
                        new long[] {1, 1},
                        1)
                .relu();
        Tensor z = LayerOps.conv2d(y, weights.get("deep"), null, 1, 0, 2, 3);
        return torch.add(LayerOps.conv2d(z, weights.get("last"), null, 1, 0, 1, 1), y.mean());
    }

    private static Script script(String name, Map<String, Tensor> weights) {
        return Script.compile(name, weights, Map.of(), Map.of(), BODY);
    }

    private static void isRight(InferenceGraph graph, Map<String, Tensor> weights, Tensor x, double allowed) {
        assertThat(HardShapes.Difference.of(
                        Tensors.toDoubles(graph.forward(x)), Tensors.toDoubles(expected(weights, x))))
                .as(Arrays.toString(x.shape()))
                .isLessThan(allowed);
    }

    /** Weights are packed for the first size. */
    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"FP32", "BF16"})
    void imagesOfSeveralSizes(Precision precision) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            Map<String, Tensor> weights = weights();
            try (Script script = script("Sizes", weights);
                    InferenceGraph graph = script.forInference(precision);
                    InferenceGraph batches = script.forBatches(precision)) {
                for (long[] size : new long[][] {{16, 16}, {16, 16}, {11, 31}, {64, 40}, {16, 16}}) {
                    for (int images : new int[] {1, 3, 1}) {
                        Tensor x = Tensors.randn(images, 4, size[0], size[1]);
                        double allowed = precision == Precision.FP32 ? 1e-5 : 0.03;
                        isRight(graph, weights, x, allowed);
                        isRight(batches, weights, x, allowed);
                    }
                }
            }
        }
    }

    /** One that does not suit the first or the last convolution is refused, before and after weights are packed; the next is computed. */
    @Test
    void anUnsuitableImageIsAnError() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = weights();
            try (Script script = script("Errors", weights);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                for (int i = 0; i < 3; i++) {
                    for (long height : new long[] {5, 9}) {
                        assertThatThrownBy(() -> graph.forward(Tensors.randn(1, 4, height, 16)))
                                .hasMessageContaining("Kernel size can't be greater than actual input size");
                    }
                    assertThatThrownBy(() -> graph.forward(Tensors.randn(1, 3, 16, 16)))
                            .hasMessageContaining("channels");
                    isRight(graph, weights, Tensors.randn(1, 4, 16, 16), 1e-5);
                }
            }
        }
    }

    /** The first image is computed twice. */
    @Test
    void aScriptMayChangeItsInput() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of("weight", Tensors.randn(3, 4, 3, 3));
            String body =
                    "def forward(self, x: Tensor) -> Tensor:\n    x -= 0.5\n    return torch.conv2d(x, self.weight)\n";
            try (Script script = Script.compile("InPlace", weights, Map.of(), Map.of(), body);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                Tensor x = Tensors.channelsLast(Tensors.randn(1, 4, 8, 8));
                Tensor expected = LayerOps.conv2d(
                        torch.sub(x, Tensors.of(new float[] {0.5f}, 1)), weights.get("weight"), null, 1, 0, 1, 1);
                for (int i = 0; i < 2; i++) {
                    assertThat(HardShapes.Difference.of(
                                    Tensors.toDoubles(graph.forward(x.clone())), Tensors.toDoubles(expected)))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    /** Packed weights would need a dimension of rows. */
    @Test
    void aScriptMayConvolveAnImageWithoutRows() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of("weight", Tensors.randn(3, 4, 3, 3));
            String body = "def forward(self, x: Tensor) -> Tensor:\n    return torch.conv2d(x[0], self.weight)\n";
            try (Script script = Script.compile("NoRows", weights, Map.of(), Map.of(), body);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                for (int i = 0; i < 2; i++) {
                    Tensor x = Tensors.randn(1, 4, 8, 8);
                    assertThat(HardShapes.Difference.of(
                                    Tensors.toDoubles(graph.forward(x)),
                                    Tensors.toDoubles(LayerOps.conv2d(x, weights.get("weight"), null, 1, 0, 1, 1))))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    /** Their packing fails after that of the first. */
    @Test
    void weightsInDoublePrecisionAreNotPacked() {
        try (Scope scope = Scope.open()) {
            Tensor first = Tensors.randn(4, 4, 3, 3);
            Tensor second = Tensors.to(Tensors.randn(3, 4, 3, 3), DType.FLOAT64);
            String body = """
                    def forward(self, x: Tensor) -> Tensor:
                        return torch.conv2d(torch.conv2d(x, self.first).type_as(self.second), self.second)
                    """;
            try (Script script = Script.compile(
                            "Double", Map.of("first", first, "second", second), Map.of(), Map.of(), body);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                for (int i = 0; i < 2; i++) {
                    Tensor x = Tensors.randn(1, 4, 8, 8);
                    Tensor between = Tensors.to(LayerOps.conv2d(x, first, null, 1, 0, 1, 1), DType.FLOAT64);
                    assertThat(HardShapes.Difference.of(
                                    Tensors.toDoubles(graph.forward(x)),
                                    Tensors.toDoubles(LayerOps.conv2d(between, second, null, 1, 0, 1, 1))))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    @Test
    void aRowMayHaveSeveralInputs() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of("weight", Tensors.randn(3, 4, 3, 3));
            String body = """
                    def forward(self, x: Tensor, scale: Tensor) -> Tensor:
                        return torch.conv2d(x, self.weight).mean([2, 3]) * scale
                    """;
            try (Script script = Script.compile("Inputs", weights, Map.of(), Map.of(), body);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                for (int rows : new int[] {1, 2, 1}) {
                    Map<String, Tensor> inputs = new LinkedHashMap<>();
                    inputs.put("x", Tensors.randn(rows, 4, 8, 8));
                    inputs.put("scale", Tensors.randn(rows, 3));
                    Tensor mean = LayerOps.conv2d(inputs.get("x"), weights.get("weight"), null, 1, 0, 1, 1)
                            .mean(2, 3);
                    assertThat(HardShapes.Difference.of(
                                    Tensors.toDoubles(graph.forward(Inputs.of(inputs))),
                                    Tensors.toDoubles(torch.mul(mean, inputs.get("scale")))))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    /** Each thread computes the first image of its graph, while others open graphs of the same script. */
    @Test
    void threadsShareAScript() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = weights();
            Tensor x = Tensors.randn(1, 4, 16, 16);
            try (Script script = script("Threads", weights);
                    InferenceGraph shared = script.forInference(Precision.FP32)) {
                List<float[]> outputs = IntStream.range(0, 24)
                        .parallel()
                        .mapToObj(i -> {
                            try (Scope own = Scope.open();
                                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                                return Tensors.toFloats((i % 2 == 0 ? graph : shared).forward(x));
                            }
                        })
                        .toList();
                outputs.forEach(output -> assertThat(output).isEqualTo(outputs.get(0)));
                isRight(shared, weights, x, 1e-5);
            }
        }
    }

    @Test
    void allConvolutionsArePacked() {
        assumeTrue(Convolution.AVX512, "this processor has a faster way");
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            JitModule module = new JitModule(new QualifiedName("__torch__.Packs"));
            weights().forEach((name, tensor) -> module.register_parameter(name, tensor, false));
            module.define(BODY);
            module.eval();
            JitModule frozen = torch.freeze(module);
            try (PackedGraph graph = Objects.requireNonNull(PackedGraph.of(frozen))) {
                Tensor image = Tensors.randn(1, 4, 16, 16);
                assertThat(graph.moduleFor(List.of(Tensors.randn(2, 4, 16, 16)), frozen))
                        .isSameAs(frozen);
                JitModule packed = graph.moduleFor(List.of(image), frozen);
                assertThat(graph.moduleFor(List.of(Tensors.randn(1, 4, 16, 18)), frozen))
                        .as("image of another size")
                        .isSameAs(frozen);
                assertThat(graph.moduleFor(List.of(image), frozen)).isSameAs(packed);
                String body = packed.get_method("forward").graph().toString();
                assertThat(body).doesNotContain("aten::conv2d").contains("mkldnn::_convolution_pointwise");
                for (String weight : List.of("packed0", "packed1", "packed2"))
                    assertThat(packed.attr(weight).toTensor().is_mkldnn()).isTrue();
            }
        }
    }
}
