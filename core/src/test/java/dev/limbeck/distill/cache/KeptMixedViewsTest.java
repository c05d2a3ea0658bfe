package dev.limbeck.distill.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.Data;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Augmentation;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.distill.CacheWarmup;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.SoftTarget;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.nn.Module;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.train.Predictions;
import dev.limbeck.zoo.Zoo;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Device;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that outputs for mixed and cropped images are cached as those of any other view. */
class KeptMixedViewsTest {
    private static final Device CPU = Engine.device("cpu");
    private static final int ROWS = 48;
    private static final int VIEWS = 2;

    @TempDir
    Path home;

    private final ImageData data = open(ROWS, 8, 0, KeptMixedViewsTest::augmented);
    private final Module net = Zoo.CIFAR_RESNET8.create(data.classNames().size());
    private final AtomicInteger calls = new AtomicInteger();

    KeptMixedViewsTest() {
        net.onForward((module, inputs, output) -> {
            calls.incrementAndGet();
            return null;
        });
    }

    @AfterEach
    void close() {
        net.close();
        data.close();
    }

    private static Augmentation augmented(Augmentation augmentation) {
        return Augmentation.none().withHflip(true).withRandomResizedCrop(0.4).withViews(VIEWS);
    }

    private static ImageData open(int rows, int batch, long seed, UnaryOperator<Augmentation> augmentation) {
        return Datasets.open("shapes:" + rows + ":0:0")
                .imageSize(16)
                .batchSize(batch)
                .validFraction(0)
                .seed(seed)
                .augmentation(augmentation)
                .build();
    }

    private static Mixup mixup(boolean cut) {
        return cut ? Mixup.cut(1) : Mixup.blend(0.8);
    }

    private ModuleTeacher teacher() {
        return ModuleTeacher.of(net, data.classNames());
    }

    private CachedTeacher onDisk(String folder) {
        return CachedTeacher.onDisk(teacher(), home.resolve(folder), Encoding.FLOAT32, line -> {});
    }

    private static Map<Integer, float[]> shown(Data data, int epoch) {
        Map<Integer, float[]> rows = new HashMap<>();
        try (DataLoader batches = data.train(epoch)) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    if (batch == null) return rows;
                    float[] all = Tensors.toFloats(batch.input());
                    int length = all.length / batch.size();
                    for (int i = 0; i < batch.size(); i++)
                        rows.put(batch.indices()[i], Arrays.copyOfRange(all, i * length, (i + 1) * length));
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aViewOfARowLooksTheSameInEveryEpochAndBatch(boolean cut) {
        Data mixed = mixup(cut).decorate(data);
        assertThat(mixed.views()).containsExactly(0, 1);
        Map<Integer, float[]> first = shown(mixed, 0);
        assertThat(first).hasSize(ROWS);
        shown(mixed, VIEWS).forEach((row, pixels) -> assertThat(pixels).isEqualTo(first.get(row)));
        try (ImageData others = open(ROWS, 12, 0, KeptMixedViewsTest::augmented)) {
            shown(mixup(cut).decorate(others), 0)
                    .forEach((row, pixels) -> assertThat(pixels).isEqualTo(first.get(row)));
        }
        Map<Integer, float[]> second = shown(mixed, 1);
        Map<Integer, float[]> unmixed = shown(data, 0);
        int same = 0;
        for (int row = 0; row < ROWS; row++) {
            assertThat(second.get(row)).isNotEqualTo(first.get(row));
            if (Arrays.equals(first.get(row), unmixed.get(row))) same++;
        }
        // Some rows are their own partners, and some boxes are empty.
        assertThat(same).isLessThan(ROWS / 4);
    }

    @Test
    void keysDifferByViewSeedAndMixing() {
        int[] all = IntStream.range(0, ROWS).toArray();
        Set<SampleKey> keys = new LinkedHashSet<>();
        int expected = 0;
        try (ImageData others = open(ROWS, 8, 1, KeptMixedViewsTest::augmented)) {
            for (Data mixed : List.of(
                    data,
                    Mixup.blend(0.8).decorate(data),
                    Mixup.blend(0.7).decorate(data),
                    Mixup.cut(1).decorate(data),
                    Mixup.blend(0.8).decorate(others))) {
                for (int view = 0; view < VIEWS; view++) {
                    keys.addAll(List.of(mixed.keys(new Provenance(Split.TRAIN, view), all)));
                    expected += ROWS;
                }
            }
        }
        assertThat(keys).hasSize(expected);
        Provenance plain = new Provenance(Split.TRAIN, Provenance.PLAIN);
        assertThat(Mixup.blend(1).decorate(data).keys(plain, all)).isEqualTo(data.keys(plain, all));
    }

    @Test
    void dataWithoutAugmentationHasAsManyMixedViewsAsAreSet() {
        try (ImageData plain = open(ROWS, 8, 0, augmentation -> Augmentation.none())) {
            assertThat(Mixup.blend(1).decorate(plain).views()).isEmpty();
            Data mixed = Mixup.blend(1).views(3).decorate(plain);
            assertThat(mixed.views()).containsExactly(0, 1, 2);
            Map<Integer, float[]> first = shown(mixed, 0);
            shown(mixed, 3).forEach((row, pixels) -> assertThat(pixels).isEqualTo(first.get(row)));
            assertThat(shown(mixed, 1).get(5)).isNotEqualTo(first.get(5));
            assertThatThrownBy(() -> onDisk("endless").open(Mixup.blend(1).decorate(plain), CPU))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageStartingWith("training rows are augmented or mixed anew in each epoch")
                    .hasMessageContaining("--augment-views 4");
        }
    }

    private List<EpochRecord> taught(Learner student, Teacher by, boolean cut) {
        return student.fit(
                3,
                0.01,
                mixup(cut),
                KnowledgeDistillation.from(by)
                        .weight(0.9)
                        .loss(new SoftTarget(4))
                        .build());
    }

    private static long correct(Learner student) {
        Predictions found = student.predict(Split.TRAIN);
        return IntStream.range(0, found.size())
                .filter(row -> found.argmax(row) == found.labels()[row])
                .count();
    }

    private Learner student() {
        return Learner.builder(data, Zoo.CIFAR_RESNET8)
                .seed(2)
                .precision("fp32")
                .build();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStudentOverCachedViewsNeedsNoTeacherAndLearnsTheSame(boolean cut) {
        try (Learner filling = student();
                Learner cached = student();
                Learner live = student()) {
            KnowledgeDistillation how = KnowledgeDistillation.from(onDisk("a"))
                    .loss(new SoftTarget(4))
                    .build();
            filling.firstLoss(mixup(cut), how, new CacheWarmup(how, (done, total) -> {}));
            assertThat(calls).as("one call for each batch of each view").hasValue(VIEWS * ROWS / 8);
            calls.set(0);
            List<EpochRecord> found = taught(cached, onDisk("a"), cut);
            assertThat(calls).as("calls of the teacher").hasValue(0);
            List<EpochRecord> expected = taught(live, teacher(), cut);
            assertThat(calls.get()).isGreaterThanOrEqualTo(3 * ROWS / 8);
            for (int epoch = 0; epoch < 3; epoch++) {
                // The last bits of an output depend on the batch in which it was computed.
                assertThat(found.get(epoch).trainLoss())
                        .isEqualTo(expected.get(epoch).trainLoss(), within(1e-3));
            }
            assertThat(correct(cached)).isEqualTo(correct(live));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void cachedOutputsAreTheLiveOnes(boolean cut) {
        Data mixed = mixup(cut).decorate(data);
        try (TeacherSession kept = onDisk("a").open(mixed, CPU);
                TeacherSession live = teacher().open(mixed, CPU);
                DataLoader batches = mixed.train(1)) {
            for (int i = 0; i < 3; i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    assertThat(Tensors.toFloats(kept.logits(batch)))
                            .containsExactly(Tensors.toFloats(live.logits(batch)), within(1e-5f));
                }
            }
        }
    }

    @Test
    void memoryServesTheRunsOfAComparison() {
        CachedTeacher memory = CachedTeacher.inMemory(teacher(), 10_000);
        try (Learner first = student();
                Learner second = student()) {
            List<EpochRecord> rows = taught(first, memory, false);
            calls.set(0);
            List<EpochRecord> again = taught(second, memory, false);
            assertThat(calls).hasValue(0);
            assertThat(again.stream().map(EpochRecord::trainLoss).toList())
                    .isEqualTo(rows.stream().map(EpochRecord::trainLoss).toList());
        }
    }

    @Test
    void outputsOfOtherDrawsAreRefused() {
        Data mixed = Mixup.blend(0.8).decorate(data);
        try (TeacherSession session = onDisk("a").open(mixed, CPU)) {
            session.predict(mixed, Split.TRAIN);
        }
        String begin = home.resolve("a") + " caches outputs of other settings: data.";
        refuses(Mixup.blend(0.4).decorate(data), begin + "mixing is mixup 0.8 in the folder, now mixup 0.4");
        refuses(Mixup.cut(0.8).decorate(data), begin + "mixing is mixup 0.8 in the folder, now cutmix 0.8");
        refuses(data, begin + "mixed_rows is 48 in the folder, now not set");
        try (ImageData seeded = open(ROWS, 8, 3, KeptMixedViewsTest::augmented);
                ImageData fewer = open(40, 8, 0, KeptMixedViewsTest::augmented)) {
            refuses(Mixup.blend(0.8).decorate(seeded), begin + "augmentation_seed is 0 in the folder, now 3");
            refuses(Mixup.blend(0.8).decorate(fewer), begin + "mixed_rows is 48 in the folder, now 40");
        }
    }

    private void refuses(Data others, String message) {
        assertThatThrownBy(() -> {
                    try (TeacherSession session = onDisk("a").open(others, CPU)) {
                        session.predict(others, Split.TRAIN);
                    }
                })
                .isInstanceOf(LimbeckException.class)
                .hasMessage(message + "; choose another folder, or delete that one");
    }
}
