package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Test convolutions in scripts, with shapes that the engine computes wrongly in some layout. */
class InferenceGraphTest {
    private static double apart(Script script, Precision precision, Tensor x, Tensor expected) {
        try (InferenceGraph graph = script.forInference(precision)) {
            return HardShapes.Difference.of(Tensors.toDoubles(graph.forward(x)), Tensors.toDoubles(expected));
        }
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
}
