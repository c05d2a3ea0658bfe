package dev.limbeck.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.TinyNet;
import dev.limbeck.Toy;
import dev.limbeck.nn.ForwardHook;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.GivenBatches;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.TrainStep;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test mixed images: the mixing, the loss, and that the teacher sees the same images. */
class MixupTest {
    private static final int ROWS = 8;
    private static final int PIXELS = 3 * 8 * 8;

    /** Hold the data of one training step. */
    private record Seen(float[] original, float[] student, long[] labels, float[] logits, double task) {}

    private final List<float[]> asked = new ArrayList<>();
    private final List<Seen> steps = new ArrayList<>();

    private void train(Mixup mixup) {
        GivenBatches data = Toy.data(3, ROWS);
        try (Module teacher = new TinyNet(3);
                Learner student = Learner.create(data, TinyNet.ARCHITECTURE);
                ForwardHook.Registration hook = teacher.onForward((module, inputs, output) -> {
                    asked.add(Tensors.toFloats(inputs.only()));
                    return null;
                })) {
            List<float[]> originals = new ArrayList<>();
            Callback before = new Callback() {
                @Override
                public int order() {
                    return -1;
                }

                @Override
                public void beforeBatch(TrainStep step) {
                    originals.add(Tensors.toFloats(step.batch().input()));
                }
            };
            Callback after = new Callback() {
                @Override
                public int order() {
                    return 1;
                }

                @Override
                public void afterLoss(TrainStep step) {
                    steps.add(new Seen(
                            originals.get(originals.size() - 1),
                            Tensors.toFloats(step.batch().input()),
                            Tensors.toLongs(step.batch().targets()),
                            Tensors.toFloats(step.prediction()),
                            step.term(TrainStep.TASK).item_double()));
                }
            };
            student.fit(
                    1,
                    1e-3,
                    before,
                    after,
                    mixup,
                    KnowledgeDistillation.from(teacher).build());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTeacherSeesTheVerySameMixedImages(boolean cut) {
        train(cut ? Mixup.cut(1) : Mixup.blend(1));
        // The validation split is evaluated first, in one batch.
        List<float[]> inTraining = asked.subList(asked.size() - steps.size(), asked.size());
        int mixed = 0;
        for (int i = 0; i < steps.size(); i++) {
            assertThat(inTraining.get(i)).isEqualTo(steps.get(i).student);
            if (!Arrays.equals(steps.get(i).student, steps.get(i).original)) mixed++;
        }
        assertThat(mixed).isEqualTo(steps.size());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theLossIsMixedAsTheImagesAre(boolean cut) {
        train(cut ? Mixup.cut(1) : Mixup.blend(1));
        for (Seen seen : steps) {
            double share = Double.NaN;
            int[] partners = new int[ROWS];
            for (int row = 0; row < ROWS; row++) {
                // An unchanged row is its own partner, because it would match any other row with a fraction of 1.
                partners[row] = unchanged(seen, row) ? row : -1;
                for (int other = 0; other < ROWS && partners[row] < 0; other++) {
                    double found = cut ? keptShare(seen, row, other) : blendShare(seen, row, other);
                    if (Double.isNaN(found)) continue;
                    partners[row] = other;
                    if (other != row) share = found;
                }
                assertThat(partners[row]).as("partner of row %d", row).isNotNegative();
            }
            double own = crossEntropy(seen, seen.labels);
            long[] theirs = new long[ROWS];
            for (int row = 0; row < ROWS; row++) theirs[row] = seen.labels[partners[row]];
            double expected = share * own + (1 - share) * crossEntropy(seen, theirs);
            assertThat(seen.task).isCloseTo(expected, within(1e-4));
        }
    }

    private static boolean unchanged(Seen seen, int row) {
        return Arrays.equals(
                seen.student, row * PIXELS, (row + 1) * PIXELS, seen.original, row * PIXELS, (row + 1) * PIXELS);
    }

    /** Return λ if the row is λ·itself + (1 − λ)·other, else NaN. */
    private static double blendShare(Seen seen, int row, int other) {
        double product = 0;
        double square = 0;
        for (int i = 0; i < PIXELS; i++) {
            double difference = seen.original[row * PIXELS + i] - seen.original[other * PIXELS + i];
            product += difference * (seen.student[row * PIXELS + i] - seen.original[other * PIXELS + i]);
            square += difference * difference;
        }
        double share = square == 0 ? 1 : product / square;
        for (int i = 0; i < PIXELS; i++) {
            double expected = share * seen.original[row * PIXELS + i] + (1 - share) * seen.original[other * PIXELS + i];
            if (Math.abs(expected - seen.student[row * PIXELS + i]) > 1e-4) return Double.NaN;
        }
        return share;
    }

    /** Return the fraction of unchanged pixels if all others are from the other row, else NaN. */
    private static double keptShare(Seen seen, int row, int other) {
        int kept = 0;
        for (int i = 0; i < PIXELS; i++) {
            float pixel = seen.student[row * PIXELS + i];
            if (Math.abs(pixel - seen.original[row * PIXELS + i]) < 1e-5) kept++;
            else if (Math.abs(pixel - seen.original[other * PIXELS + i]) > 1e-5) return Double.NaN;
        }
        return (double) kept / PIXELS;
    }

    private static double crossEntropy(Seen seen, long[] labels) {
        try (Scope scope = Scope.open()) {
            Tensor logits = Tensors.of(seen.logits, ROWS, 3);
            return Ops.crossEntropy(logits, Tensors.of(labels, ROWS)).item_double();
        }
    }
}
