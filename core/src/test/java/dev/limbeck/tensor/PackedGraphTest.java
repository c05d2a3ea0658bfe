package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
                "last", Tensors.randn(5, 9, 1, 1));
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

    @ParameterizedTest
    @EnumSource(
            value = Precision.class,
            names = {"FP32", "BF16"})
    void imagesOfSeveralSizes(Precision precision) {
        try (Scope scope = Scope.open()) {
            Tensors.seed(1);
            Map<String, Tensor> weights = weights();
            try (Script script = script("Sizes", weights);
                    InferenceGraph graph = script.forInference(precision)) {
                for (long[] size : new long[][] {{16, 16}, {16, 16}, {9, 31}, {64, 40}, {16, 16}}) {
                    for (int images : new int[] {1, 3, 1}) {
                        Tensor x = Tensors.randn(images, 4, size[0], size[1]);
                        assertThat(HardShapes.Difference.of(
                                        Tensors.toDoubles(graph.forward(x)), Tensors.toDoubles(expected(weights, x))))
                                .as(images + " of " + Arrays.toString(size))
                                .isLessThan(precision == Precision.FP32 ? 1e-5 : 0.03);
                    }
                    graph.releaseSingleImages();
                }
            }
        }
    }

    /** One that does not suit the network must not reach oneDNN, and the next ones are computed as before. */
    @Test
    void anUnsuitableImageIsAnError() {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = weights();
            try (Script script = script("Errors", weights);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                Tensor right = Tensors.randn(1, 4, 16, 16);
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(() -> graph.forward(Tensors.randn(1, 4, 5, 5)))
                            .hasMessageContaining("Kernel size can't be greater than actual input size");
                    assertThatThrownBy(() -> graph.forward(Tensors.randn(1, 3, 16, 16)))
                            .hasMessageContaining("channels");
                    assertThat(HardShapes.Difference.of(
                                    Tensors.toDoubles(graph.forward(right)),
                                    Tensors.toDoubles(expected(weights, right))))
                            .isLessThan(1e-5);
                }
            }
        }
    }

    @Test
    void allConvolutionsArePacked() {
        assumeTrue(Convolution.ONE_DNN, "this processor has a faster way");
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on()) {
            JitModule module = new JitModule(new QualifiedName("__torch__.Packs"));
            weights().forEach((name, tensor) -> module.register_parameter(name, tensor, false));
            module.define(BODY);
            module.eval();
            try (PackedGraph graph = Objects.requireNonNull(PackedGraph.of(torch.freeze(module)))) {
                JitModule packed = Objects.requireNonNull(graph.module(Tensors.randn(1, 4, 16, 16)));
                String body = packed.get_method("forward").graph().toString();
                assertThat(body).doesNotContain("aten::conv2d").contains("mkldnn::_convolution_pointwise");
                for (String weight : List.of("packed0", "packed1", "packed2"))
                    assertThat(packed.attr(weight).toTensor().is_mkldnn()).isTrue();
                graph.release();
                assertThat(packed.attr("packed0").toTensor().numel()).isZero();
            }
        }
    }
}
