package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class AutocastTest {
    private static final Device CPU = Engine.device("cpu");

    private static DType ofAProduct() {
        try (Scope scope = Scope.open()) {
            Tensor x = Tensors.full(1, DType.FLOAT32, 2, 2);
            return DType.of(LayerOps.linear(x, x, null));
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
        Tensor product =
                Autocast.apply(Precision.BF16, inputs -> LayerOps.linear(inputs.only(), weight, null), Inputs.of(x));
        assertThat(DType.of(product)).isEqualTo(DType.FLOAT32);
        return product.item_double();
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
