package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.tensor.FakeQuantize.Affine;
import java.util.function.IntToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compare with torch.ao.quantization of PyTorch. */
class FakeQuantizeTest {
    private static final int COUNT = 12;

    private static Tensor batch(int count, IntToDoubleFunction value) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float) value.applyAsDouble(i);
        return Tensors.of(values, count);
    }

    /** FakeQuantize(MovingAverageMinMaxObserver, quint8, per_tensor_affine) of two batches. */
    @Test
    void activationsAsInPyTorch() {
        try (Scope scope = Scope.open()) {
            Tensor range = Tensors.zeros(DType.FLOAT32, 2);
            assertThat(FakeQuantize.isNew(range)).isTrue();
            FakeQuantize.observe_(range, batch(COUNT, i -> Math.sin(1.3 * i) * 2 + 0.5));
            Tensor x = batch(COUNT, i -> Math.cos(0.7 * i) * 3).set_requires_grad(true);
            FakeQuantize.observe_(range, x);
            assertThat(Tensors.toFloats(range))
                    .containsExactly(new float[] {-1.282506943f, 2.502115965f}, within(1e-6f));
            Affine affine = FakeQuantize.affine(range);
            assertThat(affine.scale()).isCloseTo(0.014841658f, within(1e-8f));
            assertThat(affine.zero()).isEqualTo(86);
            Tensor y = FakeQuantize.perTensor(x, affine);
            assertThat(Tensors.toFloats(y))
                    .containsExactly(
                            new float[] {
                                2.5082402f,
                                2.300457f,
                                0.50461638f,
                                -1.2763826f,
                                -1.2763826f,
                                -1.2763826f,
                                -1.2763826f,
                                0.56398302f,
                                2.3301404f,
                                2.5082402f,
                                2.2559321f,
                                0.46009141f
                            },
                            within(1e-6f));
            y.sum().backward();
            // Straight through inside the range, 0 outside.
            assertThat(Tensors.toFloats(x.grad())).containsExactly(0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 1, 1);
        }
    }

    /** FakeQuantize(PerChannelMinMaxObserver, qint8, per_channel_symmetric, quant_min=-63, quant_max=63). */
    @Test
    void weightsAsInPyTorch() {
        try (Scope scope = Scope.open()) {
            float[] values = new float[15];
            for (int i = 0; i < 15; i++) values[i] = (float) (Math.sin(2.1 * i) * (i / 5 + 1));
            Tensor weight = Tensors.of(values, 3, 5).set_requires_grad(true);
            Tensor rounded = FakeQuantize.perChannel(weight);
            assertThat(Tensors.toFloats(rounded))
                    .containsExactly(
                            new float[] {
                                0f,
                                0.857741237f,
                                -0.871575773f,
                                0.0138345361f,
                                0.857741237f,
                                -1.74695742f,
                                0.0563534647f,
                                1.69060397f,
                                -1.77513409f,
                                0.112706929f,
                                2.49276972f,
                                -2.66468501f,
                                0.214893952f,
                                2.49276972f,
                                -2.70766377f
                            },
                            within(1e-6f));
            rounded.sum().backward();
            assertThat(Tensors.toFloats(weight.grad())).containsOnly(1);
        }
    }

    /** A batch norm scales a channel: rounding before it is folded is the same as after. */
    @Test
    void factorsOfChannelsChangeScalesOnly() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(4);
            Tensor weight = Tensors.randn(6, 3, 3, 3);
            Tensor factors = Tensors.of(new float[] {1e-3f, -2, 0.7f, 30, -1e-4f, 1}, 6, 1, 1, 1);
            float[] before = Tensors.toFloats(FakeQuantize.perChannel(weight).mul(factors));
            float[] after = Tensors.toFloats(FakeQuantize.perChannel(weight.mul(factors)));
            for (int i = 0; i < before.length; i++) {
                assertThat(after[i]).isCloseTo(before[i], within(1e-5f * Math.abs(before[i]) + 1e-12f));
            }
        }
    }

    @Test
    void roundedNumbersStayWhenTheyAreRoundedAgain() {
        try (Scope scope = Scope.open()) {
            Tensors.seed(5);
            Affine affine = Affine.of(-1, 3);
            Tensor once = FakeQuantize.perTensor(Tensors.randn(100), affine);
            assertThat(Tensors.toFloats(FakeQuantize.perTensor(once, affine))).containsExactly(Tensors.toFloats(once));
            Tensor weight = FakeQuantize.perChannel(Tensors.randn(4, 50));
            assertThat(Tensors.toFloats(FakeQuantize.perChannel(weight)))
                    .containsExactly(Tensors.toFloats(weight), within(1e-6f));
        }
    }

    /** Zero is exact, as padding and ReLU need it. */
    @ParameterizedTest
    @CsvSource({"0.3, 2, 0", "-2, -0.5, 255", "0, 0, 0", "-1, 3, 64"})
    void zeroIsAByte(float low, float high, int zero) {
        Affine affine = Affine.of(low, high);
        assertThat(affine.zero()).isEqualTo(zero);
        assertThat(affine.scale()).isPositive();
    }

    @Test
    void channelsOfZerosStayZero() {
        try (Scope scope = Scope.open()) {
            Tensor weight = Tensors.zeros(DType.FLOAT32, 2, 3);
            assertThat(Tensors.toFloats(FakeQuantize.perChannel(weight))).containsOnly(0);
        }
    }

    @Test
    void bfloat16BecomesFloat32() {
        try (Scope scope = Scope.open()) {
            Tensor range = Tensors.zeros(DType.FLOAT32, 2);
            Tensor x = Tensors.to(Tensors.of(new float[] {-1, 0.5f, 2}, 3), DType.BFLOAT16);
            FakeQuantize.observe_(range, x);
            assertThat(Tensors.toFloats(range)).containsExactly(-1, 2);
            assertThat(DType.of(FakeQuantize.perTensor(x, FakeQuantize.affine(range))))
                    .isEqualTo(DType.FLOAT32);
        }
    }
}
