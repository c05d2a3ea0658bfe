package dev.limbeck.zoo;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.nn.Module;
import dev.limbeck.nn.ScriptWriter;
import dev.limbeck.tensor.Autocast;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.InferenceGraph;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test one network of each family in both precisions: after a training step, and folded for inference. */
class PrecisionOfZooTest {
    private static final int CLASSES = 7;

    @ParameterizedTest
    @CsvSource({
        "cifar-resnet8, 32",
        "wrn-16-2, 32",
        "resnet18, 64",
        "mobilenet_v2, 64",
        "mobilenet_v3_small, 64",
        "efficientnet_b0, 64",
        "shufflenet_v2_x1_0, 64",
        "vit_tiny_patch16_224, 224"
    })
    void trainsInBf16AndTeachesFolded(String name, long size) {
        Tensors.seed(3);
        try (Module network = Zoo.byName(name).create(CLASSES);
                Scope scope = Scope.open()) {
            Tensor x = Tensors.channelsLast(Tensors.randn(4, 3, size, size));
            Tensor labels = Tensors.of(new long[] {0, 1, 2, 3}, 4);
            Tensor trained = Autocast.apply(Precision.BF16, network::apply, Inputs.of(x));
            assertThat(DType.of(trained)).isEqualTo(DType.FLOAT32);
            Ops.crossEntropy(trained, labels).backward();
            network.parameters().forEach((path, parameter) -> {
                assertThat(DType.of(parameter)).as(path).isEqualTo(DType.FLOAT32);
                assertThat(DType.of(parameter.grad())).as(path).isEqualTo(DType.FLOAT32);
                assertThat(Ops.allFinite(parameter.grad())).as(path).isTrue();
            });
            network.modules()
                    .values()
                    .forEach(module -> module.ownBuffers()
                            .forEach((path, buffer) ->
                                    assertThat(DType.of(buffer)).isNotEqualTo(DType.BFLOAT16)));

            String before = network.sha256();
            Tensor expected = network.predict(x);
            double scale = Tensors.toFloats(Ops.amax(expected.abs(), 0, 1))[0];
            try (Script script = ScriptWriter.compile(network);
                    InferenceGraph full = script.forInference(Precision.FP32);
                    InferenceGraph half = script.forInference(Precision.BF16)) {
                assertThat(difference(full.forward(x), expected)).isLessThan(1e-5 * Math.max(1, scale));
                // The tolerance is for eight bits of mantissa through a whole network of random weights.
                double off = difference(half.forward(x), expected);
                assertThat(off).isGreaterThan(0).isLessThan(0.3 * scale);
            }
            assertThat(network.sha256()).isEqualTo(before);
        }
    }

    private static double difference(Tensor one, Tensor other) {
        return Tensors.toFloats(Ops.amax(one.sub(other).abs(), 0, 1))[0];
    }
}
