package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.train.EpochRecord;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Few labels, and images that have none. */
class UnlabelledTest {
    @TempDir
    Path folder;

    private static ImageDataBuilder shapes() {
        return ImageData.builder(Datasets.shapes(100, 20, 20)).batchSize(10).seed(3);
    }

    private static long[] perClass(ImageData data) {
        long[] counts = new long[10];
        for (int label : data.labels(Split.TRAIN)) {
            if (label >= 0) counts[label]++;
        }
        return counts;
    }

    @Test
    void keepsSoManyLabelsOfEachClass() {
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
        assertThatThrownBy(() -> shapes().labelsPerClass(3).trainLimit(30).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage("train limit must be left out beside labels per class, found 30");
    }

    @Test
    void theOthersMayStayWithoutTheirLabels() {
        try (ImageData few = shapes().labelsPerClass(3).build();
                ImageData kept = shapes().labelsPerClass(3).keepUnlabelled(true).build();
                ImageData limited = shapes().trainLimit(30).keepUnlabelled(true).build()) {
            assertThat(kept.size(Split.TRAIN)).isEqualTo(100);
            assertThat(perClass(kept)).containsOnly(3);
            assertThat(Arrays.stream(limited.labels(Split.TRAIN)).filter(label -> label >= 0))
                    .hasSize(30);
            assertThat(kept.labels(Split.TEST))
                    .as("the test split keeps its labels")
                    .doesNotContain(-1);
            assertThat(kept.fingerprint()).isNotEqualTo(few.fingerprint());
        }
    }

    @Test
    void aFolderOfOtherImagesIsAdded() throws IOException {
        PicturesForTests.write(folder.resolve("labelled"), 6, "cat", "dog");
        for (int i = 0; i < 5; i++) TestImages.write(folder.resolve("more/photo" + i + ".png"), 0x334455 * i);
        ImageDataBuilder builder = ImageData.builder(folder.resolve("labelled")).imageSize(8);
        try (ImageData data = builder.validFraction(0.5)
                .unlabelled(ImageFolder.of(folder.resolve("more")))
                .build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
            assertThat(data.size(Split.TRAIN)).isEqualTo(6 + 5);
            assertThat(data.size(Split.VALID))
                    .as("no unlabelled image validates")
                    .isEqualTo(6);
            assertThat(data.labels(Split.VALID)).doesNotContain(-1);
            assertThat(data.name(Split.TRAIN, 10)).isEqualTo("unlabelled/photo4.png");
        }
        assertThatThrownBy(() -> builder.unlabelled(ImageFolder.of(folder.resolve("labelled"))))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("expected images without labels in folder")
                .hasMessageContaining("found classes such as 'cat'");
    }

    @Test
    void aBatchWithoutAnyLabelTeachesThroughTheTeacherOnly() {
        try (ImageData data = shapes().labelsPerClass(1)
                        .keepUnlabelled(true)
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
}
