package dev.limbeck.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.Task;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Mixing;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Inputs;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

/** Compare losses with golden values of PyTorch 2.13 in float64. */
class TaskLossTest {
    private static final double[] OUTPUTS = {0.3, -1.2, 2.0, 4.0, 0.1, -0.7, -3.0, 0.0, 1.5};
    private static final double[] TARGETS = {1, 0, 1, 0, 1, 0, 1, 1, 0};
    private static final double NONE = Double.NaN;
    private static final double[] SOME = {1, NONE, 1, 0, 1, 0, NONE, NONE, NONE};
    private static final TargetLoss LABELS = TaskLoss.of(new Task.MultiLabel(List.of("a", "b", "c")));
    private static final TargetLoss NUMBERS = TaskLoss.of(new Task.Regression(List.of("a", "b", "c")));

    private static double value(TargetLoss loss, double[] outputs, double[] targets) {
        try (Scope scope = Scope.open()) {
            return loss.of(Tensors.of(outputs, 3, 3), Tensors.of(targets, 3, 3), null)
                    .item_double();
        }
    }

    private static double[] gradient(TargetLoss loss, double[] targets) {
        try (Scope scope = Scope.open()) {
            Tensor outputs = Tensors.of(OUTPUTS, 3, 3);
            outputs.set_requires_grad(true);
            loss.of(outputs, Tensors.of(targets, 3, 3), null).backward();
            return Tensors.toDoubles(outputs.grad());
        }
    }

    @Test
    void severalLabelsAreBinaryCrossEntropy() {
        assertThat(value(LABELS, OUTPUTS, TARGETS)).isCloseTo(1.2726051299825345, within(1e-12));
        assertThat(gradient(LABELS, TARGETS)[3]).isCloseTo(0.10911264333754539, within(1e-12));
    }

    @Test
    void unknownLabelsDoNotCount() {
        assertThat(value(LABELS, OUTPUTS, SOME)).isCloseTo(1.1494031784776675, within(1e-12));
        double[] gradient = gradient(LABELS, SOME);
        assertThat(gradient[0]).isCloseTo(-0.0851114966376682, within(1e-12));
        assertThat(gradient[1]).isZero();
        assertThat(gradient[8]).isZero();
    }

    @Test
    void numbersAreSquaredErrors() {
        assertThat(value(NUMBERS, OUTPUTS, TARGETS)).isCloseTo(4.386666666666667, within(1e-12));
        double[] alone = {0, 0, 0, 0, 0, 0, 0, 0, 0};
        double[] one = {NONE, NONE, NONE, NONE, NONE, 3, NONE, NONE, NONE};
        assertThat(value(NUMBERS, alone, one)).isEqualTo(9);
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        for (TargetLoss loss : List.of(LABELS, NUMBERS)) {
            double[] gradient = gradient(loss, SOME);
            for (int i = 0; i < OUTPUTS.length; i++) {
                double[] more = OUTPUTS.clone();
                double[] less = OUTPUTS.clone();
                more[i] += 1e-6;
                less[i] -= 1e-6;
                double slope = (value(loss, more, SOME) - value(loss, less, SOME)) / 2e-6;
                assertThat(gradient[i]).isCloseTo(slope, within(1e-8));
            }
        }
    }

    @Test
    void largeLogitsStayFinite() {
        double[] large = {800, -800, 800, -800, 800, -800, 1, 1, 1};
        assertThat(value(LABELS, large, TARGETS)).isFinite();
        for (double each : gradient(LABELS, TARGETS)) assertThat(each).isFinite();
    }

    /** A task loss of mixed inputs is mixed alike for every network that computes one in the step. */
    @Test
    void mixedTargetsMixTheLoss() {
        try (Scope scope = Scope.open()) {
            Tensor logits = Tensors.of(new float[] {1, 2, -1, 0.5f}, 2, 2);
            Tensor own = Tensors.of(new long[] {0, 1}, 2);
            Tensor others = Tensors.of(new long[] {1, 1}, 2);
            Batch plain = new Batch(Inputs.of(logits), own, new int[] {0, 1});
            double alone = Ops.crossEntropy(logits, own).item_double();
            assertThat(new TrainStep(null, 0, plain)
                            .taskLoss(TaskLoss::crossEntropy, logits)
                            .item_double())
                    .isEqualTo(alone);
            assertThat(mixed(plain, others, 0.25))
                    .isEqualTo(
                            0.25 * alone
                                    + 0.75 * Ops.crossEntropy(logits, others).item_double(),
                            within(1e-6));
            assertThat(mixed(plain, Tensors.of(new long[] {-1, -1}, 2), 0.25)).isEqualTo(alone, within(1e-6));
        }
    }

    private static double mixed(Batch batch, Tensor others, double share) {
        Mixing how = new Mixing(new int[2], new double[] {share, share});
        Provenance origin = new Provenance(Split.TRAIN, 0, how);
        Batch mixed = new Batch(batch.inputs(), batch.targets(), batch.indices(), origin, others);
        return new TrainStep(null, 0, mixed)
                .taskLoss(TaskLoss::crossEntropy, batch.input())
                .item_double();
    }
}
