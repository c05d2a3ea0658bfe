package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that single images are computed as batches are, which take another way on AVX2. */
class SingleImageTest {
    private static final double ROUNDING = 1e-5;

    /** Return the largest difference between images in a batch and alone, relative to the largest output. */
    private static double apart(InferenceGraph graph, Tensor images) {
        double[] batch = Tensors.toDoubles(graph.forward(images));
        int width = batch.length / (int) images.size(0);
        double largest = Arrays.stream(batch).map(Math::abs).max().orElseThrow();
        double apart = 0;
        for (int row = 0; row < images.size(0); row++) {
            double[] alone = Tensors.toDoubles(graph.forward(images.narrow(0, row, 1)));
            for (int i = 0; i < width; i++) apart = Math.max(apart, Math.abs(alone[i] - batch[row * width + i]));
        }
        return apart / largest;
    }

    @ParameterizedTest
    @CsvSource({
        "resnet18, 64",
        "resnet18, 32",
        "resnet18, 33",
        "resnet50, 32",
        "resnet18, 128",
        "resnet50, 64",
        "mobilenet_v2, 64",
        "cifar-resnet8, 32"
    })
    void networksComputeAnImageAsInABatch(String name, int size) {
        Tensors.seed(3);
        Architecture architecture = Zoo.byName(name);
        try (Scope scope = Scope.open();
                Module network = architecture.create(5)) {
            Tensor images = Tensors.randn(3, 3, size, size);
            // Statistics of batch norms, which are folded.
            network.train();
            network.apply(images);
            network.eval();
            try (Script script = ScriptWriter.compile(network);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                assertThat(apart(graph, images)).isLessThan(ROUNDING);
                float[] once = Tensors.toFloats(graph.forward(images.narrow(0, 1, 1)));
                List<float[]> again = IntStream.range(0, 8)
                        .parallel()
                        .mapToObj(i -> {
                            try (Scope own = Scope.open()) {
                                return Tensors.toFloats(graph.forward(images.narrow(0, 1, 1)));
                            }
                        })
                        .toList();
                again.forEach(one -> assertThat(one).as("on any thread").isEqualTo(once));
            }
        }
    }

    /** Convolutions with what a product has to respect, on images that are no squares. */
    @ParameterizedTest
    @CsvSource({
        "'[1, 1], [1, 1], [1, 1], 1'",
        "'[2, 2], [1, 1], [1, 1], 1'",
        "'[2, 2], [0, 0], [1, 1], 1'",
        "'[1, 2], [1, 1], [1, 1], 1'",
        "'[1, 1], [2, 1], [1, 1], 1'",
        "'[1, 1], [2, 2], [2, 2], 1'",
        "'[3, 3], [2, 2], [1, 1], 1'",
    })
    void convolutionsOfOtherShapes(String how) {
        for (long[] shape : new long[][] {{65, 64, 3, 3}, {64, 64, 1, 1}, {33, 64, 5, 5}, {64, 64, 3, 1}}) {
            try (Scope scope = Scope.open();
                    Script script = script(how, shape);
                    InferenceGraph graph = script.forInference(Precision.FP32)) {
                assertThat(apart(graph, Tensors.randn(2, 64, 61, 47)))
                        .as(how + " of " + Arrays.toString(shape))
                        .isLessThan(ROUNDING);
            }
        }
    }

    /** Small networks would wait longer for the other thread than its halves take. */
    @ParameterizedTest
    @CsvSource({
        "resnet18, 64, 1, true",
        "resnet18, 32, 1, true",
        "resnet18, 64, 2, false",
        "cifar-resnet20, 32, 1, false",
        "small-cnn-32-64-128, 32, 1, false",
        "small-cnn-32-64-128, 64, 1, true",
        "mobilenet_v2, 64, 1, false"
    })
    void onlyLargeProductsAreDivided(String name, int size, int images, boolean expected) {
        assumeTrue(Engine.cpuCapability().equals("AVX2") && Engine.threads() > 1, "only on AVX2, on two threads");
        try (Scope scope = Scope.open();
                Module network = Zoo.byName(name).create(5);
                Script script = ScriptWriter.compile(network);
                InferenceGraph graph = script.forInference(Precision.FP32)) {
            assertThat(graph.divides(Inputs.of(Tensors.randn(images, 3, size, size))))
                    .isEqualTo(expected);
        }
    }

    /** Pooling of a network that was scripted, not traced, asserts that its value is an image. */
    @ParameterizedTest
    @CsvSource({
        "'assert len(y.size()) > 2', true",
        "'assert len(y.size()) > 4', false",
        "'assert len(torch.flatten(y, 1, -1).size()) > 2', false",
        "'assert len(y.size()) > y.size(2)', false",
        "'assert y.size(2) > 2', false",
        "'y = y if len(y.size()) > 2 else torch.relu(y)', false",
    })
    void assertionsOfScriptedPooling(String line, boolean known) {
        try (Scope scope = Scope.open();
                Script script = ofSixtyFourChannels("""
                        def forward(self, x: Tensor) -> Tensor:
                            y = torch.conv2d(x, self.weight, self.bias, [1, 1], [1, 1])
                            %s
                            return torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1, -1)
                        """.formatted(line));
                InferenceGraph graph = script.forInference(Precision.FP32)) {
            Tensor image = Tensors.randn(1, 64, 61, 47);
            boolean divided = graph.divides(Inputs.of(image));
            if (line.endsWith("> 4") || line.endsWith("y.size(2)") || line.contains("flatten")) {
                assertThatThrownBy(() -> graph.forward(image)).hasMessageContaining("AssertionError");
            } else {
                assertThat(apart(graph, Tensors.randn(2, 64, 61, 47))).isLessThan(ROUNDING);
            }
            assumeTrue(Engine.cpuCapability().equals("AVX2") && Engine.threads() > 1, "only on AVX2, on two threads");
            assertThat(divided).isEqualTo(known);
        }
    }

    private static Script ofSixtyFourChannels(String source) {
        Map<String, Tensor> weights = Map.of("weight", Tensors.randn(64, 64, 3, 3), "bias", Tensors.randn(64));
        return Script.compile("Convolves", weights, Map.of(), Map.of(), source);
    }

    private static Script script(String how, long... shape) {
        Tensor weight = Tensors.randn(shape);
        Tensor bias = Tensors.randn(shape[0]);
        return Script.compile(
                "Convolves", Map.of("weight", weight, "bias", bias), Map.of(), Map.of(), """
                def forward(self, x: Tensor) -> Tensor:
                    y = torch.conv2d(x, self.weight, self.bias, %s)
                    y = torch.max_pool2d(torch.relu(y), [3, 3], [2, 2], [1, 1], [1, 1], True)
                    return torch.flatten(torch.adaptive_avg_pool2d(y, [2, 2]), 1, -1)
                """.formatted(how));
    }

    /** A sum reads what an operation in place has left, and the caller's image stays. */
    @Test
    void operationsInPlaceStayInPlace() {
        try (Scope scope = Scope.open();
                Script script = ofSixtyFourChannels("""
                        def forward(self, x: Tensor) -> Tensor:
                            y = torch.conv2d(x, self.weight, self.bias, [1, 1], [1, 1])
                            z = torch.relu_(y)
                            return torch.add(torch.add_(torch.relu(z), y), y)
                        """);
                InferenceGraph graph = script.forInference(Precision.FP32)) {
            assertThat(apart(graph, Tensors.randn(2, 64, 16, 16))).isLessThan(ROUNDING);
        }
    }

    /** What it does not know runs as before. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "return torch.add(torch.relu(y), torch.sigmoid(y))",
                "return torch.add(torch.relu(y), y, alpha=2)",
                "return torch.flatten(y, 1, 2)",
                "return torch.flatten(y, -3, -1)",
                "h = torch.flatten(torch.adaptive_avg_pool2d(y, [1, 1]), 1)\n"
                        + "    return torch.linear(h, self.matrix, torch.add(torch.mul(h[0], 0), self.bias))",
                "all = [torch.relu(y)]\n    all.append(y)\n    return torch.cat(all, 1)",
            })
    void otherOperationsAreLeftToTheScript(String end) {
        try (Scope scope = Scope.open()) {
            Map<String, Tensor> weights = Map.of(
                    "weight", Tensors.randn(64, 64, 3, 3), "bias", Tensors.randn(64), "matrix", Tensors.randn(64, 64));
            String body = "    y = torch.conv2d(x, self.weight, self.bias, [1, 1], [1, 1])\n    " + end + "\n";
            for (String begin : List.of("", "    some: List[Tensor] = []\n    some.append(x)\n    x = some[0]\n")) {
                try (Script script = Script.compile(
                                "Other",
                                weights,
                                Map.of(),
                                Map.of(),
                                "def forward(self, x: Tensor) -> Tensor:\n" + begin + body);
                        InferenceGraph graph = script.forInference(Precision.FP32)) {
                    Tensor images = Tensors.randn(2, 64, 16, 16);
                    assertThat(apart(graph, images)).as(begin).isLessThan(ROUNDING);
                    assertThat(graph.forward(images.narrow(0, 0, 1)).dim())
                            .isEqualTo(graph.forward(images).dim());
                }
            }
        }
    }

    /** The bias of a single output pixel has the layout of the result. */
    @Test
    void weightsStayAsTheyAre() {
        try (Scope scope = Scope.open();
                Script script = script("[1, 1], [1, 1], [1, 1], 1", 512, 512, 3, 3);
                InferenceGraph graph = script.forInference(Precision.FP32)) {
            Tensor images = Tensors.randn(2, 512, 1, 1);
            double[] before = Tensors.toDoubles(graph.forward(images));
            for (int i = 0; i < 3; i++) {
                assertThat(apart(graph, images)).isLessThan(ROUNDING);
                assertThat(Tensors.toDoubles(graph.forward(images))).isEqualTo(before);
            }
        }
    }

    /** A window that leaves the image would read the next row. */
    @Test
    void aKernelLargerThanTheImageIsRefusedAsForBatches() {
        try (Scope scope = Scope.open();
                Script script = script("[2, 2], [0, 0], [1, 1], 1", 512, 512, 3, 3);
                InferenceGraph graph = script.forInference(Precision.FP32)) {
            for (int rows : new int[] {1, 2}) {
                assertThatThrownBy(() -> graph.forward(Tensors.randn(rows, 512, 6, 2)))
                        .hasMessageContaining("Kernel size can't be greater than actual input size");
            }
        }
    }
}
