package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.FakeQuantize;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.NoGrad;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Script;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FakeQuantizationTest {
    private static List<String> ranges(Module network, String below) {
        return network.tensors().keySet().stream()
                .filter(name -> FakeQuantization.isRange(name) && name.startsWith(below))
                .toList();
    }

    /** Each tensor is rounded once: by what gives it, or by the only layer that reads it. */
    @Test
    void blocksOfCifarResNets() {
        try (Module network = Zoo.CIFAR_RESNET8.quantizationAware().create(4)) {
            assertThat(ranges(network, "conv1")).containsExactly("conv1.input_range");
            assertThat(ranges(network, "bn1")).isEmpty();
            assertThat(ranges(network, "layer1"))
                    .containsExactly(
                            "layer1.0.output_range",
                            "layer1.0.conv1.input_range",
                            "layer1.0.conv2.input_range",
                            "layer1.0.bn2.output_range");
            assertThat(ranges(network, "layer2"))
                    .containsExactly(
                            "layer2.0.output_range", "layer2.0.conv2.input_range", "layer2.0.bn2.output_range");
            assertThat(ranges(network, "linear")).containsExactly("linear.input_range");
            assertThat(FakeQuantization.describe(network))
                    .isEqualTo("quantization-aware training: 7 convolutions and 1 linear layer in int8");
        }
    }

    @Test
    void stemsAndProjectionsOfResNets() {
        try (Module network = Zoo.RESNET18.quantizationAware().create(4)) {
            assertThat(ranges(network, "maxpool")).containsExactly("maxpool.input_range", "maxpool.output_range");
            assertThat(ranges(network, "layer1.0"))
                    .containsExactly(
                            "layer1.0.output_range", "layer1.0.conv2.input_range", "layer1.0.bn2.output_range");
            assertThat(ranges(network, "layer2.0.downsample")).containsExactly("layer2.0.downsample.1.output_range");
        }
    }

    @Test
    void bottlenecksOfMobileNets() {
        try (Module network = Zoo.MOBILENET_V2.quantizationAware().create(4)) {
            assertThat(ranges(network, "features.3"))
                    .containsExactly(
                            "features.3.output_range",
                            "features.3.conv.1.0.input_range",
                            "features.3.conv.2.input_range",
                            "features.3.conv.3.output_range");
            // Neither a sum nor a ReLU behind the last batch norm.
            assertThat(ranges(network, "features.2"))
                    .containsExactly(
                            "features.2.conv.1.0.input_range",
                            "features.2.conv.2.input_range",
                            "features.2.conv.3.output_range");
            assertThat(ranges(network, "avgpool")).containsExactly("avgpool.input_range");
        }
    }

    @Test
    void layersLeftInFloatAreCounted() {
        try (Module network = Zoo.VIT_TINY.quantizationAware().create(4)) {
            assertThat(FakeQuantization.describe(network))
                    .contains("in float: ")
                    .contains("25 LayerNorm");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"cifar-resnet8+qat", "resnet18+concat+qat"})
    void namesOfArchitecturesComeBack(String name) {
        Architecture found = Zoo.byName(name);
        assertThat(found.isQuantizationAware()).isTrue();
        assertThat(found.name()).isEqualTo(name);
        assertThat(found.withoutQuantization().name()).isEqualTo(name.replace("+qat", ""));
    }

    @ParameterizedTest
    @CsvSource({"bag", "mlp", "bert-tiny"})
    void networksOfRowsAreRefused(String name) {
        assertThatThrownBy(() -> Zoo.byName(name).quantizationAware())
                .isInstanceOf(LimbeckException.class)
                .hasMessage("quantization-aware training is for networks of images, found " + name
                        + "; leave quantize (--quantize) out");
    }

    @Test
    void withoutConvolutionsThereIsNothingToRound() {
        try (Scope scope = Scope.open();
                Module network = new Sequential(new Flatten(), new Linear(12, 2))) {
            assertThatThrownBy(() -> FakeQuantization.prepare(network, Inputs.of(Tensors.randn(1, 3, 2, 2))))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("needs a network with convolutions of images, found Sequential");
            assertThat(FakeQuantization.isIn(network)).isFalse();
        }
    }

    @Test
    void newRangesRoundNothingAndTrainingFillsThem() {
        Tensors.seed(1);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module network = Zoo.CIFAR_RESNET8.quantizationAware().create(4)) {
            Tensor x = Tensors.randn(8, 3, 32, 32);
            Tensor range = network.module("conv1").ownBuffers().get("input_range");
            network.predict(x);
            assertThat(FakeQuantize.isNew(range)).isTrue();
            network.apply(x);
            assertThat(Tensors.toFloats(range))
                    .containsExactly(x.min().item_float(), x.max().item_float());
            for (String name : ranges(network, "")) {
                assertThat(FakeQuantize.isNew(network.tensors().get(name)))
                        .as(name)
                        .isFalse();
            }
        }
    }

    /** Where rounding is off, the network is the one that was never prepared. */
    @Test
    void offMeansFloat() {
        try (Scope scope = Scope.open();
                Module plain = Zoo.CIFAR_RESNET8.create(4);
                Module network = Zoo.CIFAR_RESNET8.quantizationAware().create(4)) {
            Tensor x = Tensors.randn(4, 3, 32, 32);
            try (NoGrad noGrad = NoGrad.on()) {
                network.apply(x);
            }
            plain.tensors().forEach((name, tensor) -> {
                try (NoGrad noGrad = NoGrad.on()) {
                    tensor.copy_(network.tensors().get(name));
                }
            });
            float[] expected = Tensors.toFloats(plain.predict(x));
            assertThat(Tensors.toFloats(network.predict(x))).isNotEqualTo(expected);
            try (Module.ModeGuard off = FakeQuantization.off(network)) {
                assertThat(Tensors.toFloats(network.predict(x))).containsExactly(expected);
            }
            assertThat(Tensors.toFloats(network.predict(x))).isNotEqualTo(expected);
        }
    }

    /** The script rounds too: it is nearer to the network than the float network is, by far. */
    @Test
    void scriptsRound() {
        Tensors.seed(2);
        try (Scope scope = Scope.open();
                NoGrad noGrad = NoGrad.on();
                Module network = Zoo.CIFAR_RESNET8.quantizationAware().create(4)) {
            for (int i = 0; i < 8; i++) network.apply(Tensors.randn(8, 3, 32, 32));
            Tensor x = Tensors.randn(16, 3, 32, 32);
            network.eval();
            float[] expected = Tensors.toFloats(network.apply(x));
            float[] floating;
            try (Module.ModeGuard off = FakeQuantization.off(network)) {
                floating = Tensors.toFloats(network.apply(x));
            }
            try (Script script = ScriptWriter.compile(network)) {
                float[] found = Tensors.toFloats(script.forward(x));
                assertThat(apart(found, expected)).isLessThan(apart(floating, expected) / 10);
            }
        }
    }

    private static double apart(float[] some, float... others) {
        double sum = 0;
        for (int i = 0; i < some.length; i++) sum += Math.abs(some[i] - others[i]);
        return sum / some.length;
    }

    /** What custom code computes with x.relu() is found by its values. */
    @Test
    void activationsOfCustomCodeAreFound() {
        try (Scope scope = Scope.open();
                Module network = new Custom()) {
            FakeQuantization.prepare(network, Inputs.of(Tensors.randn(1, 3, 8, 8)));
            assertThat(ranges(network, ""))
                    .containsExactly("first.input_range", "second.input_range", "second.output_range");
            assertThat(Tensors.toFloats(network.predict(Tensors.zeros(DType.FLOAT32, 1, 3, 8, 8)))[0])
                    .isCloseTo(0, within(1e-6f));
        }
    }

    private static final class Custom extends Module {
        private final Conv2d first = child("first", Conv2d.of(3, 8, 3, 1, 1));
        private final Conv2d second = child("second", Conv2d.of(8, 2, 3, 1, 1));

        @Override
        protected Tensor forward(Tensor x) {
            return second.apply(first.apply(x).relu()).mean(2, 3);
        }
    }
}
