package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Mixing;
import dev.limbeck.nn.ForwardHook;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.TaskLoss;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test mixed rows: the mixing, the loss, and that the teacher sees the same rows. */
class MixupTest {
    private static final int ROWS = 8;
    private static final int BATCHES = 3;
    private static final int PIXELS = 3 * 8 * 8;

    /** Hold the data of one training step. */
    private record Seen(float[] student, Mixing mixing, int[] rows, float[] logits, double task) {}

    private final List<float[]> asked = new ArrayList<>();
    private final List<Seen> steps = new ArrayList<>();

    private void train(Mixup mixup) {
        GivenBatches data = Toy.data(BATCHES, ROWS);
        try (Module teacher = new TinyNet(3);
                Learner student = Learner.create(data, TinyNet.ARCHITECTURE);
                ForwardHook.Registration hook = teacher.onForward((module, inputs, output) -> {
                    asked.add(Tensors.toFloats(inputs.only()));
                    return null;
                })) {
            Callback after = new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    steps.add(new Seen(
                            Tensors.toFloats(step.batch().input()),
                            Objects.requireNonNull(
                                    Objects.requireNonNull(step.batch().origin())
                                            .mixing()),
                            step.batch().indices(),
                            Tensors.toFloats(step.prediction()),
                            step.term(TrainStep.TASK).item_double()));
                }
            };
            student.fit(
                    1, 1e-3, after, mixup, KnowledgeDistillation.from(teacher).build());
        }
    }

    /** Return a row before the mixing. */
    private static float[] original(int row) {
        try (Scope scope = Scope.open()) {
            float[] batch = Tensors.toFloats(Toy.images(row / ROWS, ROWS, 1));
            return Arrays.copyOfRange(batch, row % ROWS * PIXELS, (row % ROWS + 1) * PIXELS);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTeacherSeesTheVerySameMixedRows(boolean cut) {
        train(cut ? Mixup.cut(0.2) : Mixup.blend(0.2));
        // The validation split is evaluated first, in one batch.
        List<float[]> inTraining = asked.subList(asked.size() - steps.size(), asked.size());
        assertThat(steps).hasSize(BATCHES);
        for (int i = 0; i < steps.size(); i++) assertThat(inTraining.get(i)).isEqualTo(steps.get(i).student);
    }

    @Test
    void eachRowIsBlendedWithAPartnerByAShareOfItsOwn() {
        train(Mixup.blend(1));
        for (Seen seen : steps) {
            assertThat(seen.mixing.boxes()).isEmpty();
            assertThat(Arrays.stream(seen.mixing.shares()).distinct()).hasSize(ROWS);
            for (int row = 0; row < ROWS; row++) {
                double share = seen.mixing.shares()[row];
                assertThat(share).isBetween(0.0, 1.0);
                float[] own = original(seen.rows[row]);
                float[] partner = original(seen.mixing.partners()[row]);
                for (int i = 0; i < PIXELS; i++) {
                    assertThat((double) seen.student[row * PIXELS + i])
                            .isEqualTo(share * own[i] + (1 - share) * partner[i], within(1e-5));
                }
            }
        }
    }

    @Test
    void aBoxOfThePartnerIsPastedAndItsAreaIsThePartnersShareOfTheLoss() {
        train(Mixup.cut(1));
        for (Seen seen : steps) {
            for (int row = 0; row < ROWS; row++) {
                float[] own = original(seen.rows[row]);
                float[] partner = original(seen.mixing.partners()[row]);
                int kept = 0;
                for (int i = 0; i < PIXELS; i++) {
                    float pixel = seen.student[row * PIXELS + i];
                    if (Math.abs(pixel - own[i]) < 1e-5) kept++;
                    else assertThat(pixel).isEqualTo(partner[i], within(1e-5f));
                }
                if (seen.mixing.partners()[row] == seen.rows[row]) continue;
                assertThat((double) kept / PIXELS).isEqualTo(seen.mixing.shares()[row], within(1e-9));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theLossIsMixedAsTheRowsAre(boolean cut) {
        train(cut ? Mixup.cut(0.2) : Mixup.blend(0.2));
        for (Seen seen : steps) {
            double expected = 0;
            for (int row = 0; row < ROWS; row++) {
                double share = seen.mixing.shares()[row];
                expected += share * crossEntropy(seen, row, label(seen.rows[row])) / ROWS;
                expected +=
                        (1 - share) * crossEntropy(seen, row, label(seen.mixing.partners()[row])) / ROWS;
            }
            assertThat(seen.task).isEqualTo(expected, within(1e-5));
        }
    }

    private static int label(int row) {
        return (int) Toy.labels(row / ROWS, ROWS)[row % ROWS];
    }

    private static double crossEntropy(Seen seen, int row, int label) {
        double sum = 0;
        for (int c = 0; c < 3; c++) sum += Math.exp(seen.logits[3 * row + c]);
        return Math.log(sum) - seen.logits[3 * row + label];
    }

    /** Weighted losses of rows and of their sub-batches agree, also with class weights and smoothing. */
    @Test
    void aWeightedLossCountsEachRowByItsWeight() {
        try (Scope scope = Scope.open()) {
            Tensor logits = Tensors.of(new float[] {1, 2, -1, 0.5f, 3, 1}, 3, 2);
            Tensor twice = Tensors.of(new float[] {1, 2, 1, 2, -1, 0.5f, 3, 1}, 4, 2);
            Tensor classes = Tensors.of(new float[] {2, 0.5f}, 2);
            Tensor weights = Tensors.of(new float[] {2, 1, 7}, 3);
            double found = TaskLoss.crossEntropy(logits, Tensors.of(new long[] {0, 1, -1}, 3), 0.1, classes, weights)
                    .item_double();
            double expected = TaskLoss.crossEntropy(twice, Tensors.of(new long[] {0, 0, 1, -1}, 4), 0.1, classes, null)
                    .item_double();
            assertThat(found).isEqualTo(expected, within(1e-6));
            Tensor numbers = Tensors.of(new float[] {0, 1, Float.NaN, 1, Float.NaN, Float.NaN}, 3, 2);
            Tensor repeated = Tensors.of(new float[] {0, 1, 0, 1, Float.NaN, 1, Float.NaN, Float.NaN}, 4, 2);
            assertThat(TaskLoss.squaredError(logits, numbers, weights).item_double())
                    .isEqualTo(TaskLoss.squaredError(twice, repeated, null).item_double(), within(1e-6));
            assertThat(TaskLoss.binaryCrossEntropy(logits, numbers, weights).item_double())
                    .isEqualTo(
                            TaskLoss.binaryCrossEntropy(twice, repeated, null).item_double(), within(1e-6));
            Tensor none = Tensors.of(new float[] {0, 0, 1}, 3);
            assertThat(TaskLoss.crossEntropy(logits, Tensors.of(new long[] {0, 1, -1}, 3), none)
                            .item_double())
                    .isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aMixedRowHasTheLabelOfItsLargerShare(boolean cut) {
        List<long[]> found = new ArrayList<>();
        List<long[]> expected = new ArrayList<>();
        List<Integer> differs = new ArrayList<>();
        try (GivenBatches data = Toy.data(BATCHES, ROWS);
                Learner student = Learner.create(data, TinyNet.ARCHITECTURE)) {
            Callback after = new Callback() {
                @Override
                public void afterLoss(TrainStep step) {
                    Batch batch = step.batch();
                    double[] shares = batch.origin().mixing().shares();
                    long[] own = Tensors.toLongs(batch.targets());
                    long[] other = Tensors.toLongs(batch.otherTargets());
                    found.add(Tensors.toLongs(batch.labels()));
                    expected.add(IntStream.range(0, own.length)
                            .mapToLong(row -> shares[row] >= 0.5 ? own[row] : other[row])
                            .toArray());
                    differs.addAll(IntStream.range(0, own.length)
                            .filter(row -> expected.get(expected.size() - 1)[row] != own[row])
                            .boxed()
                            .toList());
                }
            };
            student.fit(1, 1e-3, after, cut ? Mixup.cut(0.2) : Mixup.blend(0.2));
        }
        assertThat(differs).as("rows whose partner has the larger share").isNotEmpty();
        assertThat(found).hasSize(BATCHES).usingRecursiveComparison().isEqualTo(expected);
    }

    @Test
    void rowsAreMixedOnce() {
        try (Learner student = Learner.create(Toy.data(BATCHES, ROWS), TinyNet.ARCHITECTURE)) {
            assertThatThrownBy(() -> student.fit(1, 1e-3, Mixup.blend(0.4), Mixup.cut(1)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("rows can be mixed once, found cutmix of mixup; leave one of them out");
        }
    }
}
