package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the summary of data before training, and the sample of rows of a split. */
class DataSummaryTest {
    @TempDir
    Path folder;

    private void write(String name, int count) throws IOException {
        for (int i = 0; i < count; i++) TestImages.write(folder.resolve(name).resolve(i + ".png"), 0x112233 * (i % 5));
    }

    private ImageDataBuilder data() {
        return ImageData.builder(folder).imageSize(12, 12);
    }

    @Test
    void saysInOneLineWhatIsThere() throws IOException {
        write("cat", 3);
        write("dog", 60);
        write("fox", 70);
        write("owl", 80);
        try (ImageData data = data().build()) {
            assertThat(data.summary())
                    .isEqualTo(
                            "213 images, 4 classes (cat only 3), 170 train / 43 valid drawn at random, shown at 12×12");
            assertThat(data.warnings()).isEmpty();
            assertThat(data.describe()).containsEntry("summary", data.summary()).containsEntry("warnings", List.of());
        }
    }

    @Test
    void summarizesBuiltInDataToo() {
        try (ImageData data = ImageData.builder(Datasets.shapes(100, 20, 30)).build()) {
            assertThat(data.summary())
                    .isEqualTo("150 images, 10 classes, 100 train / 20 valid / 30 test, shown at 32×32");
        }
        try (ImageData data =
                ImageData.builder(Datasets.shapes(100, 20, 30)).imageSize(96).build()) {
            assertThat(data.summary()).endsWith(", shown at 96×96 (from 32×32, all enlarged more than twice)");
        }
    }

    @Test
    void saysHowManyAreScaledByMuch() throws IOException {
        write("cat", 4);
        write("dog", 4);
        Files.write(
                folder.resolve("cat/large.png"),
                TestImages.encode(TestImages.buffered(TestImages.random(90, 80, 1)), "png"));
        try (ImageData data = data().validFraction(0).build()) {
            assertThat(data.summary())
                    .endsWith("9 train, shown at 12×12 (from typically 12×10, 1 shrunk more than twice)");
        }
        try (ImageData data = data().imageSize(5).validFraction(0).build()) {
            assertThat(data.summary()).endsWith("shown at 5×5 (from typically 12×10, 1 shrunk more than twice)");
        }
        try (ImageData data = data().imageSize(4).validFraction(0).build()) {
            assertThat(data.summary()).endsWith("shown at 4×4 (from typically 12×10, all shrunk more than twice)");
        }
    }

    @Test
    void namesAClassThatNoTrainingImageHas() throws IOException {
        write("train/cat", 4);
        write("train/dog", 4);
        write("valid/cat", 2);
        write("valid/fox", 3);
        try (ImageData data = data().build()) {
            assertThat(data.summary()).startsWith("13 images, 3 classes (fox none), 8 train / 5 valid");
            assertThat(data.warnings())
                    .containsExactly(
                            "no labeled training image of class 'fox': the network has an output for it and never learns "
                                    + "it, so 3 images of valid and test count as wrong; add training images, or remove "
                                    + "the class",
                            "no valid image of class 'dog': valid results say nothing about it");
        }
    }

    @Test
    void namesClassesThatALimitLeavesWithoutImages() {
        try (ImageData data = ImageData.builder(Datasets.shapes(100, 20, 0))
                .maxTrainSamples(9)
                .build()) {
            assertThat(data.warnings())
                    .singleElement()
                    .asString()
                    .contains("no labeled training image of class '", "(9 of all are taken)");
        }
    }

    @Test
    void aClassIsNeverDrawnForValidationAlone() throws IOException {
        write("cat", 1);
        write("dog", 10);
        try (ImageData data = data().validFraction(0.9).build()) {
            assertThat(data.targets(Split.TRAIN).labels()).contains(0);
            assertThat(data.warnings()).isEmpty();
        }
    }

    @Test
    void theGivenFractionIsDrawnFromSmallClassesToo() throws IOException {
        for (int c = 0; c < 10; c++) write("c" + c, 2);
        try (ImageData data = data().validFraction(0.2).build()) {
            assertThat(data.size(Split.VALID)).isEqualTo(4);
            assertThat(Arrays.stream(data.targets(Split.TRAIN).labels()).distinct())
                    .hasSize(10);
            assertThat(data.warnings())
                    .singleElement()
                    .asString()
                    .startsWith("no valid image of classes '")
                    .endsWith("valid results say nothing about them");
        }
        try (ImageData data = data().validFraction(0.001).build()) {
            assertThat(data.size(Split.VALID)).isEqualTo(1);
        }
    }

    @Test
    void saysThatNothingCanBeDrawn() throws IOException {
        write("cat", 1);
        write("dog", 1);
        try (ImageData data = data().build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(2);
            assertThat(data.warnings()).singleElement().asString().startsWith("no validation image could be drawn");
        }
        try (ImageData data = data().validFraction(0).build()) {
            assertThat(data.warnings()).isEmpty();
        }
    }

    @Test
    void saysASizeThatOccurs() throws IOException {
        int[][] sizes = {{50, 30}, {30, 50}, {48, 30}, {30, 46}, {44, 30}};
        for (int i = 0; i < sizes.length; i++) {
            for (String name : List.of("cat", "dog")) {
                Path file = folder.resolve(name + "/" + i + ".png");
                Files.createDirectories(file.getParent());
                Files.write(
                        file,
                        TestImages.encode(TestImages.buffered(TestImages.random(sizes[i][0], sizes[i][1], i)), "png"));
            }
        }
        try (ImageData data = data().build()) {
            assertThat(data.summary()).contains("(from typically 48×30, all shrunk");
        }
    }

    @Test
    void rareClassesAreCountedInWhatIsTrainedOn() throws IOException {
        write("train/cat", 30);
        write("train/dog", 3);
        write("valid/cat", 4);
        write("valid/dog", 9);
        try (ImageData data = data().build()) {
            assertThat(data.summary()).startsWith("46 images, 2 classes (dog only 3 train), 33 train / 13 valid");
        }
    }

    @Test
    void unicodeFormsAreOneClass() throws IOException {
        String composed = Normalizer.normalize("Müller", Normalizer.Form.NFC);
        String decomposed = Normalizer.normalize("Müller", Normalizer.Form.NFD);
        write("train/" + composed, 4);
        write("train/dog", 4);
        write("valid/" + decomposed, 2);
        write("valid/dog", 2);
        try (ImageData data = data().build()) {
            assertThat(data.classNames()).containsExactly(composed, "dog");
            assertThat(data.warnings()).isEmpty();
        }
        write("train/" + decomposed, 3);
        if (Files.exists(folder.resolve("train/" + composed + "/3.png"))
                && Files.exists(folder.resolve("train/" + decomposed + "/3.png"))) return;
        try (ImageData data = data().build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(11);
            assertThat(data.warnings())
                    .containsExactly("two folders in 'train' are called '" + composed
                            + "' in different Unicode forms; they are taken for one class");
        }
    }

    @Test
    void namesClassesThatAreWrittenAlike() throws IOException {
        write("train/Cat", 4);
        write("train/dog", 4);
        write("valid/cat", 2);
        write("valid/dog", 2);
        try (ImageData data = data().build()) {
            assertThat(data.warnings())
                    .contains("classes 'Cat', 'cat' differ in case, spaces or signs only; give them one name if they "
                            + "are one class")
                    .anyMatch(line -> line.startsWith("no labeled training image of class 'cat'"));
        }
    }

    @Test
    void refusesClassNamesThatJavaCannotRead() {
        ImageSource broken = new RelabeledSource(
                Datasets.shapes(20, 0, 0), name -> name.hashCode() % 2 == 0 ? "M\uFFFDller" : "dog");
        assertThatThrownBy(() -> ImageData.builder(broken).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith("the class name 'M\uFFFDller' in ")
                .hasMessageContaining("rename it");
    }

    @Test
    void samplesAreSpreadOverTheWholeSplit() throws IOException {
        for (int c = 0; c < 10; c++) write("class" + c, 10);
        try (ImageData data = data().validFraction(0).build()) {
            for (int most : new int[] {10, 26, 60, 99, 100, 1000}) {
                List<Integer> rows = rows(data.sample(Split.TRAIN, most));
                int count = Math.min(most, 100);
                assertThat(rows)
                        .containsExactlyElementsOf(IntStream.range(0, count)
                                .map(i -> i * 100 / count)
                                .boxed()
                                .toList());
                int[] labels = data.targets(Split.TRAIN).labels();
                assertThat(rows.stream().map(row -> labels[row]).distinct()).hasSize(10);
            }
        }
    }

    private static List<Integer> rows(DataLoader stream) {
        List<Integer> rows = new ArrayList<>();
        try (stream;
                Scope scope = Scope.open()) {
            Batch batch;
            while ((batch = stream.next()) != null) {
                Arrays.stream(batch.indices()).forEach(rows::add);
                assertThat(Tensors.toLongs(batch.targets())).hasSize(batch.size());
            }
        }
        return rows;
    }
}
