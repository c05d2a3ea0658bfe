package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AutocastTest {
    private static final Device CPU = Engine.device("cpu");

    private static DType ofAProduct() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.full(1, DType.FLOAT32, 2, 2);
            return DType.of(Ops.linear(x, x, null));
        }
    }

    @Test
    void productsAreOfThePrecisionUntilItIsClosed() {
        assertThat(ofAProduct()).isEqualTo(DType.FLOAT32);
        try (Autocast casting = Autocast.to(Precision.BF16, CPU)) {
            assertThat(ofAProduct()).isEqualTo(DType.BFLOAT16);
            try (Autocast full = Autocast.to(Precision.FP32, CPU)) {
                assertThat(ofAProduct()).isEqualTo(DType.FLOAT32);
            }
            assertThat(ofAProduct()).isEqualTo(DType.BFLOAT16);
        }
        assertThat(ofAProduct()).isEqualTo(DType.FLOAT32);
    }

    @Test
    void changedWeightsAreSeenByTheNextPass() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.full(1, DType.FLOAT32, 1, 1);
            Tensor weight = Tensors.full(2, DType.FLOAT32, 1, 1);
            weight.set_requires_grad(true);
            assertThat(product(x, weight)).isEqualTo(2);
            try (NoGrad noGrad = NoGrad.on()) {
                Ops.fill_(weight, 3);
            }
            assertThat(product(x, weight))
                    .as("casts of weights must not be kept")
                    .isEqualTo(3);
        }
    }

    private static double product(Tensor x, Tensor weight) {
        Tensor product = Autocast.apply(Precision.BF16, input -> Ops.linear(input, weight, null), x);
        assertThat(DType.of(product)).isEqualTo(DType.FLOAT32);
        return product.item_double();
    }

    /** In bfloat16 the engine's own convolutions give wrong numbers for some of these; ours must not. */
    @ParameterizedTest
    @CsvSource({
        "3, 4, 3, 8, 1", "3, 64, 7, 16, 1", "1, 6, 3, 8, 1", "5, 7, 3, 9, 1", "8, 8, 3, 8, 1", "64, 5, 1, 8, 1",
        "64, 64, 3, 1, 1", "16, 1, 1, 4, 1", "16, 16, 3, 8, 16", "17, 17, 3, 8, 17", "4, 4, 3, 1, 1", "6, 9, 1, 2, 3"
    })
    void convolutionsAreRightInEitherLayout(long in, long out, long kernel, long size, long groups) {
        for (boolean last : new boolean[] {false, true}) {
            try (Scope scope = Scope.open()) {
                Tensors.seed(1);
                Tensor x = Tensors.randn(4, in, size, size);
                x = (last ? Tensors.channelsLast(x) : x).detach();
                Tensor weight = Tensors.randn(out, in / groups, kernel, kernel).detach();
                float[][] expected = convolved(Precision.FP32, x, weight, kernel / 2, groups);
                float[][] found = convolved(Precision.BF16, x, weight, kernel / 2, groups);
                for (int i = 0; i < expected.length; i++) {
                    float greatest = 0;
                    for (float value : expected[i]) greatest = Math.max(greatest, Math.abs(value));
                    assertThat(found[i]).containsExactly(expected[i], within(0.03f * greatest));
                }
            }
        }
    }

    /** Return the output, the gradient of the input and that of the weight. */
    private static float[][] convolved(Precision precision, Tensor x, Tensor weight, long padding, long groups) {
        x.set_requires_grad(true);
        weight.set_requires_grad(true);
        Tensor y = Autocast.apply(precision, input -> Ops.conv2d(input, weight, null, 1, padding, 1, groups), x);
        float[] pattern = new float[(int) y.numel()];
        for (int i = 0; i < pattern.length; i++) pattern[i] = (float) Math.sin(i);
        y.mul(Tensors.of(pattern, y.shape())).sum().backward();
        float[][] all = {Tensors.toFloats(y), Tensors.toFloats(x.grad()), Tensors.toFloats(weight.grad())};
        Tensors.clearGrad(x);
        Tensors.clearGrad(weight);
        return all;
    }

    @Test
    void autoIsBf16WhereTheProcessorHasIt() {
        assertThat(Precision.of("auto", CPU)).isEqualTo(Precision.nativeBf16() ? Precision.BF16 : Precision.FP32);
        assertThat(Precision.of("fp32", CPU)).isEqualTo(Precision.FP32);
        assertThat(Precision.of("bf16", CPU)).isEqualTo(Precision.BF16);
        assertThatThrownBy(() -> Precision.of("bf-16", CPU))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("bf16");
    }
}
