package dev.limbeck.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LayersTest {
    private final Scope scope = Scope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void batchNormTrainsOnTheBatchAndRemembersAMovingMean() {
        try (Module bn = new BatchNorm2d(1)) {
            Tensor x = Tensors.of(new float[] {1, 3, 5, 7}, 2, 1, 1, 2);
            float[] y = Tensors.toFloats(bn.apply(x));
            double std = Math.sqrt(5 + 1e-5);
            for (int i = 0; i < 4; i++) assertThat(y[i]).isEqualTo((float) ((2 * i - 3) / std), within(1e-6f));
            assertThat(buffer(bn, "running_mean")[0]).isEqualTo(0.1f * 4, within(1e-6f));
            // The running variance is the unbiased one: 20 / 3.
            assertThat(buffer(bn, "running_var")[0]).isEqualTo((float) (0.9 + 0.1 * 20 / 3), within(1e-6f));
        }
    }

    @Test
    void batchNormEvaluatesOnTheRunningStatisticsAndLeavesThem() {
        try (Module bn = new BatchNorm2d(1)) {
            bn.apply(Tensors.of(new float[] {1, 3, 5, 7}, 2, 1, 1, 2));
            String before = bn.sha256();
            bn.eval();
            float mean = buffer(bn, "running_mean")[0];
            float variance = buffer(bn, "running_var")[0];
            float[] y = Tensors.toFloats(bn.apply(Tensors.of(new float[] {2, 2}, 1, 1, 1, 2)));
            assertThat(y[0]).isEqualTo((float) ((2 - mean) / Math.sqrt(variance + 1e-5)), within(1e-6f));
            assertThat(y[1]).isEqualTo(y[0]);
            assertThat(bn.sha256()).isEqualTo(before);
        }
    }

    /** The unbiased variance of one value is 0 / 0, which would stay in the running one. */
    @Test
    void batchNormNeedsMoreThanOneValuePerChannelInTraining() {
        try (Module bn = new BatchNorm2d(2)) {
            String before = bn.sha256();
            assertThatThrownBy(() -> bn.apply(Tensors.randn(1, 2, 1, 1)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            "batch norm needs more than one value per channel in training, found a batch of 1 at 1×1;"
                                    + " use a larger batch (--batch-size)");
            assertThatThrownBy(() -> bn.apply(Tensors.randn(1, 2))).hasMessageContaining("found a batch of 1; use");
            assertThat(bn.sha256()).isEqualTo(before);
            bn.apply(Tensors.randn(1, 2, 1, 2));
            bn.apply(Tensors.randn(2, 2, 1, 1));
            assertThat(buffer(bn, "running_var")[0]).isFinite();
            bn.eval();
            assertThat(Tensors.toFloats(bn.apply(Tensors.randn(1, 2, 1, 1)))[0]).isFinite();
        }
    }

    @Test
    void batchNormCountsTrainingBatchesOnly() {
        try (Module bn = new BatchNorm2d(2)) {
            for (int i = 0; i < 3; i++) bn.apply(Tensors.randn(2, 2, 2, 2));
            bn.eval();
            bn.apply(Tensors.randn(2, 2, 2, 2));
            bn.train();
            bn.apply(Tensors.randn(2, 2, 2, 2));
            assertThat(Tensors.toLongs(bn.ownBuffers().get("num_batches_tracked")))
                    .containsExactly(4);
        }
    }

    @Test
    void dropoutScalesWhatItKeepsInTrainingAndPassesThroughInEvaluation() {
        Tensors.seed(1);
        Module dropout = new Dropout(0.25);
        Tensor ones = Tensors.full(1, DType.FLOAT32, 4000);
        float[] y = Tensors.toFloats(dropout.apply(ones));
        int zeros = 0;
        for (float value : y) {
            if (value == 0) zeros++;
            else assertThat(value).isEqualTo(4f / 3, within(1e-6f));
        }
        assertThat(zeros).isBetween(850, 1150);
        dropout.eval();
        assertThat(Tensors.toFloats(dropout.apply(ones))).containsOnly(1);
    }

    @Test
    void dropoutRefusesProbabilitiesOutsideItsRange() {
        for (double p : new double[] {-0.1, 1, Double.NaN}) {
            assertThatThrownBy(() -> new Dropout(p)).hasMessageContaining("found " + p);
        }
    }

    @Test
    void reluLeavesItsInputAlone() {
        Tensor x = Tensors.of(new float[] {-1, 2}, 2);
        assertThat(Tensors.toFloats(new ReLU().apply(x))).containsExactly(0, 2);
        assertThat(Tensors.toFloats(x)).containsExactly(-1, 2);
    }

    @Test
    void linearMultipliesByTheTransposeAndAdds() {
        try (Module linear =
                new Linear(Tensors.of(new float[] {1, 2, 3, 4, 5, 6}, 2, 3), Tensors.of(new float[] {10, 20}, 2))) {
            assertThat(Tensors.toFloats(linear.apply(Tensors.of(new float[] {1, 0, -1}, 1, 3))))
                    .containsExactly(8, 18);
        }
    }

    @Test
    void convolutionAndPoolingHaveTheShapesOfTheirFormulas() {
        Tensor x = Tensors.randn(2, 4, 9, 9);
        try (Module conv = Conv2d.of(4, 6, 3, 2, 1);
                Module grouped = Conv2d.of(Tensors.randn(8, 2, 1, 1), 1, 0, 2)) {
            assertThat(conv.apply(x).shape()).containsExactly(2, 6, 5, 5);
            assertThat(grouped.apply(x).shape()).containsExactly(2, 8, 9, 9);
        }
        assertThat(new MaxPool2d(3, 2, 1).apply(x).shape()).containsExactly(2, 4, 5, 5);
        assertThat(new AdaptiveAvgPool2d(1, 2).apply(x).shape()).containsExactly(2, 4, 1, 2);
        assertThat(new Flatten().apply(x).shape()).containsExactly(2, 324);
    }

    @Test
    void initialWeightsHaveTheSpreadOfTheirFormulas() {
        Tensors.seed(3);
        assertThat(deviation(Init.kaimingNormalFanOut(64, 32, 3, 3)))
                .isEqualTo(Math.sqrt(2.0 / (64 * 9)), within(2e-3));
        assertThat(deviation(Init.kaimingNormalFanIn(64, 32, 3, 3))).isEqualTo(Math.sqrt(2.0 / (32 * 9)), within(2e-3));
        float[] uniform = Tensors.toFloats(Init.uniformFanIn(16, 100, 16));
        for (float value : uniform) assertThat(Math.abs(value)).isLessThanOrEqualTo(0.25f);
        assertThat(deviation(Init.uniformFanIn(16, 100, 16))).isEqualTo(0.25 / Math.sqrt(3), within(0.01));
    }

    private static double deviation(Tensor tensor) {
        double sum = 0;
        float[] values = Tensors.toFloats(tensor);
        for (float value : values) sum += value * value;
        return Math.sqrt(sum / values.length);
    }

    private static float[] buffer(Module module, String name) {
        return Tensors.toFloats(module.ownBuffers().get(name));
    }
}
