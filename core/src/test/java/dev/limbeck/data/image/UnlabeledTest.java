package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.distill.loss.LogitLoss;
import dev.limbeck.tensor.Ops;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Callback;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.train.TrainStep;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test few labels together with unlabeled images. */
class UnlabeledTest {
    @TempDir
    Path folder;

    private static ImageDataBuilder shapes() {
        return ImageData.builder(Datasets.shapes(100, 20, 20)).batchSize(10).seed(3);
    }

    private static long[] perClass(ImageData data) {
        long[] counts = new long[10];
        for (int label : data.targets(Split.TRAIN).labels()) {
            if (label >= 0) counts[label]++;
        }
        return counts;
    }

    @Test
    void keepsTheGivenNumberOfLabelsPerClass() {
        try (ImageData few = shapes().labelsPerClass(3).build();
                ImageData again = shapes().labelsPerClass(3).build();
                ImageData other = shapes().labelsPerClass(3).seed(4).build()) {
            assertThat(perClass(few)).containsOnly(3);
            assertThat(few.size(Split.TRAIN)).isEqualTo(30);
            assertThat(few.size(Split.TEST)).isEqualTo(20);
            assertThat(again.fingerprint()).isEqualTo(few.fingerprint());
            assertThat(other.fingerprint()).isNotEqualTo(few.fingerprint());
        }
        try (ImageData all = shapes().labelsPerClass(1000).build()) {
            assertThat(all.size(Split.TRAIN)).isEqualTo(100);
        }
        assertThatThrownBy(() -> shapes().labelsPerClass(3).maxTrainSamples(30).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage("train limit must be left out beside labels per class, found 30");
    }

    @Test
    void theOthersMayStayWithoutTheirLabels() {
        try (ImageData few = shapes().labelsPerClass(3).build();
                ImageData kept = shapes().labelsPerClass(3).keepUnlabeled(true).build();
                ImageData limited =
                        shapes().maxTrainSamples(30).keepUnlabeled(true).build()) {
            assertThat(kept.size(Split.TRAIN)).isEqualTo(100);
            assertThat(perClass(kept)).containsOnly(3);
            assertThat(Arrays.stream(limited.targets(Split.TRAIN).labels()).filter(label -> label >= 0))
                    .hasSize(30);
            assertThat(kept.targets(Split.TEST).labels())
                    .as("the test split keeps its labels")
                    .doesNotContain(-1);
            assertThat(kept.fingerprint()).isNotEqualTo(few.fingerprint());
        }
    }

    @Test
    void keepingUnlabeledImagesThatDoNotExistIsSaid() throws IOException {
        try (ImageData all = shapes().keepUnlabeled(true).build();
                ImageData wide =
                        shapes().labelsPerClass(1000).keepUnlabeled(true).build();
                ImageData few = shapes().labelsPerClass(3).keepUnlabeled(true).build()) {
            for (ImageData needless : List.of(all, wide)) {
                assertThat(needless.warnings())
                        .singleElement()
                        .asString()
                        .startsWith("keep_unlabeled changes nothing: every training image has a label");
            }
            assertThat(few.warnings()).isEmpty();
        }
        TestImages.write(folder.resolve("more/photo.png"), 0x334455);
        try (ImageData more = shapes().keepUnlabeled(true)
                .unlabeled(ImageFolder.of(folder.resolve("more")))
                .build()) {
            assertThat(more.warnings()).noneMatch(line -> line.contains("keep_unlabeled"));
        }
    }

    @Test
    void aFolderOfOtherImagesIsAdded() throws IOException {
        PicturesForTests.write(folder.resolve("labeled"), 6, "cat", "dog");
        for (int i = 0; i < 5; i++) TestImages.write(folder.resolve("more/photo" + i + ".png"), 0x334455 * i);
        ImageDataBuilder builder = ImageData.builder(folder.resolve("labeled")).imageSize(8);
        try (ImageData data = builder.validFraction(0.5)
                .unlabeled(ImageFolder.of(folder.resolve("more")))
                .build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
            assertThat(data.size(Split.TRAIN)).isEqualTo(6 + 5);
            assertThat(data.size(Split.VALID))
                    .as("no unlabeled image validates")
                    .isEqualTo(6);
            assertThat(data.targets(Split.VALID).labels()).doesNotContain(-1);
            assertThat(data.name(Split.TRAIN, 10)).isEqualTo("unlabeled/photo4.png");
        }
        assertThatThrownBy(() -> builder.unlabeled(ImageFolder.of(folder.resolve("labeled"))))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("expected images without labels in folder")
                .hasMessageContaining("found classes such as 'cat'");
    }

    @Test
    void aBatchWithoutAnyLabelTeachesThroughTheTeacherOnly() {
        try (ImageData data = shapes().labelsPerClass(1)
                        .keepUnlabeled(true)
                        .batchSize(5)
                        .build();
                Learner teacher = Learner.create(data, Zoo.CIFAR_RESNET8);
                Learner student =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).seed(1).build()) {
            List<EpochRecord> epochs = student.fit(
                    2, 1e-3, KnowledgeDistillation.from(teacher).weight(0.5).build());
            assertThat(epochs.get(1).trainLoss()).isFinite();
            assertThat(epochs.get(1).terms().get("task")).isFinite().isNotZero();
        }
    }

    @Test
    void anUnsureTeacherTeachesNothingOnRowsWithoutALabel() {
        try (ImageData data = shapes().labelsPerClass(1)
                        .keepUnlabeled(true)
                        .batchSize(20)
                        .build();
                Learner teacher = Learner.create(data, Zoo.CIFAR_RESNET8);
                Learner student =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).seed(1).build()) {
            AtomicInteger all = new AtomicInteger();
            AtomicInteger asked = new AtomicInteger();
            LogitLoss counting = new LogitLoss() {
                @Override
                public String name() {
                    return "counting";
                }

                @Override
                public Tensor rows(Tensor ours, Tensor theirs, Tensor labels) {
                    if (ours.requires_grad()) asked.addAndGet((int) ours.size(0));
                    return Ops.meanSquaredError(ours, theirs);
                }
            };
            Callback rows = new Callback() {
                @Override
                public void afterForward(TrainStep step) {
                    for (long label : Tensors.toLongs(step.batch().targets())) if (label >= 0) all.incrementAndGet();
                }
            };
            // An untrained teacher never has such a high confidence.
            student.fit(
                    1,
                    1e-3,
                    KnowledgeDistillation.from(teacher)
                            .loss(counting)
                            .confidenceThreshold(0.999)
                            .build(),
                    rows);
            assertThat(all.get()).isPositive();
            assertThat(asked.get()).isEqualTo(all.get());
            asked.set(0);
            student.fit(
                    1, 1e-3, KnowledgeDistillation.from(teacher).loss(counting).build());
            assertThat(asked.get()).isEqualTo(100);
        }
    }

    @Test
    void balancedBatchesShowEveryClassAsOften() {
        ImageSource uneven =
                new RelabeledSource(Datasets.shapes(100, 0, 20), name -> name.hashCode() % 5 == 0 ? "rare" : "common");
        try (ImageData plain = ImageData.builder(uneven)
                        .validFraction(0)
                        .batchSize(10)
                        .seed(3)
                        .build();
                ImageData even = ImageData.builder(uneven)
                        .validFraction(0)
                        .batchSize(10)
                        .seed(3)
                        .balanced(true)
                        .build()) {
            assertThat(shown(plain, 0)[1]).isBetween(1, 40);
            assertThat(shown(even, 0)).containsExactly(50, 50);
            assertThat(shown(even, 7)).containsExactly(50, 50);
        }
        assertThatThrownBy(() -> shapes().labelsPerClass(3)
                        .keepUnlabeled(true)
                        .balanced(true)
                        .build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "balanced batches need a label for every training image, found 70 without; leave balanced out, "
                                + "or use class weights");
    }

    private static int[] shown(ImageData data, int epoch) {
        int[] counts = new int[2];
        try (DataLoader batches = data.train(epoch);
                Scope scope = Scope.open()) {
            for (int i = 0; i < batches.batches(); i++) {
                for (long label : Tensors.toLongs(batches.next().targets())) counts[(int) label]++;
            }
        }
        return counts;
    }

    @Test
    void viewsAreOtherDrawsOfTheSameRowsAndTheirMeanIsEvaluated() {
        try (ImageData data = shapes().hflip().padAndCrop(3).build();
                Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.fit(1, 1e-3);
            Predictions plain = learner.predict(Split.TEST);
            Predictions mean = learner.validate(Split.TEST, 2).predictions();
            List<Predictions> views = List.of(view(learner, data, 0), view(learner, data, 1));
            for (int row = 0; row < 20; row++) {
                double[] expected = plain.probabilities(row);
                for (Predictions view : views) {
                    for (int c = 0; c < 10; c++) expected[c] += view.probabilities(row)[c];
                }
                for (int c = 0; c < 10; c++) expected[c] /= 3;
                assertThat(mean.probabilities(row)).containsExactly(expected, within(1e-6));
            }
            assertThat(views.get(0).outputs()).isNotEqualTo(views.get(1).outputs());
        }
    }

    private static Predictions view(Learner learner, ImageData data, int view) {
        try (DataLoader batches = data.augmented(Split.TEST, view);
                Scope scope = Scope.open()) {
            float[] logits = new float[200];
            int at = 0;
            for (int i = 0; i < batches.batches(); i++) {
                float[] some =
                        Tensors.toFloats(learner.model().predict(batches.next().input()));
                System.arraycopy(some, 0, logits, at, some.length);
                at += some.length;
            }
            return Predictions.ofLabels(logits, 10, data.targets(Split.TEST).labels());
        }
    }
}
