package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class OpsTest {
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    static Stream<Named<UnaryOperator<Tensor>>> inPlace() {
        return Stream.of(
                Named.of("relu_", Ops::relu_),
                Named.of("add_", x -> Ops.add_(x, Tensors.full(1, DType.FLOAT32, 3))),
                Named.of("mul_", x -> Ops.mul_(x, 2)),
                Named.of("addScaled_", x -> Ops.addScaled_(x, Tensors.full(1, DType.FLOAT32, 3), 0.5)),
                Named.of("fill_", x -> Ops.fill_(x, 4)),
                Named.of("uniform_", x -> Ops.uniform_(x, 1, 2)),
                Named.of("normal_", x -> Ops.normal_(x, 5, 1)));
    }

    @ParameterizedTest
    @MethodSource("inPlace")
    void inPlaceFunctionsReturnTheirArgumentChanged(UnaryOperator<Tensor> operation) {
        float[] before = {-1, 2, 3};
        Tensor x = Tensors.of(before, 3);
        assertThat(operation.apply(x)).isSameAs(x);
        assertThat(Tensors.toFloats(x)).isNotEqualTo(before);
    }

    @Test
    void incrementCountsUp() {
        Tensor counter = Tensors.zeros(DType.INT64);
        Ops.increment_(counter);
        Ops.increment_(counter);
        assertThat(Tensors.toLongs(counter)).containsExactly(2);
        assertThat(DType.of(counter)).isEqualTo(DType.INT64);
    }

    @Test
    void crossEntropyLeavesUnlabeledRowsOut() {
        Tensor logits = Tensors.of(new double[] {0, Math.log(3), 7, -7}, 2, 2);
        assertThat(Ops.crossEntropy(logits, Tensors.of(new long[] {1, -1}, 2)).item_double())
                .isEqualTo(-Math.log(0.75), within(1e-12));
    }

    @Test
    void scaleChannelsPromotesBytes() {
        Tensor bytes = Tensors.to(Tensors.of(new float[] {0, 255, 4, 8}, 1, 2, 2, 1), DType.UINT8);
        Tensor result = Ops.scaleChannels(bytes, new float[] {0.5f, 2}, new float[] {-1, 3});
        assertThat(Tensors.toFloats(result)).containsExactly(-1, 126.5f, 11, 19);
    }

    @Test
    void clipGradNormScalesAllGradientsTogetherAndOnlyDown() {
        Tensor a = leaf(3);
        Tensor b = leaf(4);
        Tensor untouched = Tensors.of(new float[] {1}, 1);
        assertThat(Ops.clipGradNorm(List.of(a, b, untouched), 1)).isEqualTo(5, within(1e-6));
        assertThat(a.grad().item_double()).isEqualTo(0.6, within(1e-5));
        assertThat(b.grad().item_double()).isEqualTo(0.8, within(1e-5));
        assertThat(Ops.clipGradNorm(List.of(a, b), 10)).isEqualTo(1, within(1e-5));
        assertThat(a.grad().item_double()).isEqualTo(0.6, within(1e-5));
    }

    @Test
    void knowsFiniteFromNot() {
        assertThat(Ops.allFinite(Tensors.of(new float[] {1, -2}, 2))).isTrue();
        assertThat(Ops.allFinite(Tensors.of(new float[] {1, Float.NaN}, 2))).isFalse();
        assertThat(Ops.allFinite(Tensors.of(new float[] {1, Float.NEGATIVE_INFINITY}, 2)))
                .isFalse();
    }

    @Test
    void slicesPadsAndJoins() {
        Tensor x = Tensors.of(new float[] {0, 1, 2, 3}, 4);
        assertThat(Tensors.toFloats(Ops.strided(x, 0, 2))).containsExactly(0, 2);
        assertThat(Tensors.toFloats(Ops.cat(0, x, x))).hasSize(8);
        assertThat(Tensors.toFloats(Ops.indexSelect(x, 0, Tensors.of(new long[] {3, 0}, 2))))
                .containsExactly(3, 0);
        Tensor padded = Ops.padChannels(Tensors.full(1, DType.FLOAT32, 1, 1, 1, 1), 1, 2);
        assertThat(Tensors.toFloats(padded)).containsExactly(0, 1, 0, 0);
        assertThat(Tensors.toFloats(Ops.sum(x.view(2, 2), 1))).containsExactly(1, 5);
        assertThat(Tensors.toLongs(Ops.argmax(x.view(2, 2), 1))).containsExactly(1, 1);
    }

    private static Tensor leaf(double gradient) {
        Tensor leaf = Tensors.of(new float[] {1}, 1);
        leaf.set_requires_grad(true);
        Ops.mul(leaf, gradient).sum().backward();
        return leaf;
    }

    @Test
    void classWeightsWeighRowsAndDivideByTheirSum() {
        try (Scope scope = Scope.open()) {
            Tensor logits = Tensors.of(new float[] {1, 2, 3, 0, 1, 0, 2, 2, -1}, 3, 3);
            Tensor weights = Tensors.of(new float[] {0.5f, 2, 1}, 3);
            double first = -Math.log(Math.exp(1) / (Math.exp(1) + Math.exp(2) + Math.exp(3)));
            double second = -Math.log(Math.exp(1) / (2 + Math.exp(1)));
            assertThat(Ops.crossEntropy(logits, Tensors.of(new long[] {0, 1, -1}, 3), 0, weights)
                            .item_double())
                    .isEqualTo((0.5 * first + 2 * second) / 2.5, within(1e-6));
        }
    }

    @ParameterizedTest
    @CsvSource({"3, 4", "12, 16", "20, 16", "16, 24", "64, 10"})
    void convolutionsReadNothingThatWasNotSet(long in, long out) {
        for (int i = 0; i < 30; i++) {
            try (Scope scope = Scope.open()) {
                Tensors.seed(i);
                Tensor x = Tensors.randn(8, in, 8, 8);
                Tensor weight = Tensors.randn(out, in, 3, 3);
                x.set_requires_grad(true);
                weight.set_requires_grad(true);
                leaveNaNs();
                Tensor y = LayerOps.conv2d(x, weight, null, 1, 1, 1, 1);
                assertThat(Ops.allFinite(y)).isTrue();
                leaveNaNs();
                y.square().mean().backward();
                assertThat(Ops.allFinite(x.grad())).isTrue();
                assertThat(Ops.allFinite(weight.grad())).isTrue();
            }
        }
    }

    /** One cell and one number a step: a state is σ(o)·tanh(c), with c = σ(f)·c + σ(i)·tanh(g). */
    @Test
    void anLstmReadsFromBothEndsInFloat32() {
        double[] x = {0.5, -2, 1.5};
        float[][] weights = {{0.9f, -0.4f, 1.1f, 0.3f}, {-0.6f, 0.8f, 0.2f, -1.2f}};
        List<List<Tensor>> directions = new ArrayList<>();
        double[][] expected = new double[2][3];
        for (int d = 0; d < 2; d++) {
            float[] w = weights[d];
            Tensor inputs = Tensors.of(w, 4, 1);
            Tensor biases = Tensors.of(new float[] {0.1f, 0.2f, -0.1f, 0.05f}, 4);
            directions.add(List.of(inputs, inputs.neg(), biases, biases));
            double c = 0;
            double h = 0;
            for (int i = 0; i < 3; i++) {
                int at = d == 0 ? i : 2 - i;
                double in = sigmoid(w[0] * (x[at] - h) + 0.2);
                double forget = sigmoid(w[1] * (x[at] - h) + 0.4);
                c = forget * c + in * Math.tanh(w[2] * (x[at] - h) - 0.2);
                h = sigmoid(w[3] * (x[at] - h) + 0.1) * Math.tanh(c);
                expected[d][at] = h;
            }
        }
        Tensor steps = Tensors.to(Tensors.of(x, 1, 3, 1), DType.FLOAT32);
        for (Precision precision : Precision.values()) {
            try (Autocast casting = Autocast.to(precision, steps.device())) {
                Tensor y = LayerOps.biLstm(steps, directions.get(0), directions.get(1));
                assertThat(DType.of(y)).isEqualTo(DType.FLOAT32);
                assertThat(y.shape()).containsExactly(1, 3, 2);
                for (int d = 0; d < 2; d++) {
                    assertThat(Tensors.toDoubles(y.select(2, d))).containsExactly(expected[d], within(1e-6));
                }
            }
        }
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    @Test
    void padLastFillsBothEnds() {
        Tensor x = Tensors.of(new float[] {1, 2, 3, 4}, 2, 2);
        assertThat(Tensors.toFloats(Ops.padLast(x, 1, 2, 7))).containsExactly(7, 1, 2, 7, 7, 7, 3, 4, 7, 7);
    }

    /** Free blocks of many sizes filled with NaN, which later allocations reuse. */
    private static void leaveNaNs() {
        try (Scope scope = Scope.open()) {
            for (int k = 0; k < 48; k++) Tensors.full(Double.NaN, DType.FLOAT32, 16L << (k % 12));
        }
    }
}
