package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Split;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.image.RgbImage;
import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImageDataTest {
    /** Provide random images and count their loads; class 0 is four times as frequent as class 1. */
    private static final class Counted implements ImageSource {
        final AtomicInteger loads = new AtomicInteger();
        final int size;
        final Set<Integer> bad = new HashSet<>();

        Counted(int size) {
            this.size = size;
        }

        @Override
        public List<String> classNames() {
            return List.of("often", "seldom");
        }

        @Override
        public int size() {
            return size;
        }

        @Override
        public int label(int index) {
            return index % 5 == 4 ? 1 : 0;
        }

        @Override
        public String name(int index) {
            return index + ".png";
        }

        @Override
        public RgbImage load(int index) {
            loads.incrementAndGet();
            if (bad.contains(index)) throw new LimbeckException("cannot read image " + index);
            return TestImages.random(8, 8, index);
        }

        @Override
        public long signature(int index) {
            return index;
        }

        @Override
        public String origin() {
            return "a test";
        }
    }

    private static ImageDataBuilder small(ImageSource source) {
        return ImageData.builder(source).imageSize(8).batchSize(8).workers(2);
    }

    /** Return each batch's values, labels and indices as text. */
    private static List<String> contents(DataLoader stream) {
        List<String> batches = new ArrayList<>();
        try (stream) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = stream.next();
                    if (batch == null) return batches;
                    batches.add(Arrays.hashCode(Tensors.toFloats(batch.input())) + " "
                            + Arrays.toString(Tensors.toLongs(batch.targets()))
                            + Arrays.toString(batch.indices()));
                }
            }
        }
    }

    private static List<Integer> indices(DataLoader stream) {
        List<Integer> indices = new ArrayList<>();
        try (stream) {
            while (true) {
                try (Scope scope = Scope.open()) {
                    Batch batch = stream.next();
                    if (batch == null) return indices;
                    for (int index : batch.indices()) indices.add(index);
                }
            }
        }
    }

    @Test
    void normalizesToChannelsFirstFloats() {
        Counted source = new Counted(10);
        double[] mean = {0.1, 0.2, 0.3};
        double[] std = {0.4, 0.5, 0.6};
        try (ImageData data =
                        small(source).normalize(mean, std).validFraction(0).build();
                DataLoader stream = data.evaluate(Split.TRAIN);
                Scope scope = Scope.open()) {
            Batch batch = stream.next();
            assertThat(batch.size()).isEqualTo(8);
            assertThat(batch.input().shape()).containsExactly(8, 3, 8, 8);
            assertThat(DType.of(batch.input())).isEqualTo(DType.FLOAT32);
            assertThat(DType.of(batch.targets())).isEqualTo(DType.INT64);
            assertThat(Tensors.toLongs(batch.targets())).containsExactly(0, 0, 0, 0, 1, 0, 0, 0);
            float[] values = Tensors.toFloats(batch.input());
            for (int n = 0; n < 8; n++) {
                byte[] rgb = TestImages.random(8, 8, n).rgb();
                for (int c = 0; c < 3; c++) {
                    for (int i = 0; i < 64; i++) {
                        double expected = ((rgb[3 * i + c] & 0xff) / 255.0 - mean[c]) / std[c];
                        assertThat((double) values[(n * 3 + c) * 64 + i]).isCloseTo(expected, within(1e-5));
                    }
                }
            }
            assertThat(stream.next().size()).isEqualTo(2);
            assertThat(stream.next()).isNull();
            assertThat(Tensors.toFloats(ImageTensors.of(data.preprocessing(), TestImages.random(8, 8, 0))
                            .only()))
                    .isEqualTo(Arrays.copyOf(values, 3 * 64));
        }
    }

    @Test
    void splitsEachClassByTheSeed() {
        try (ImageData data =
                        small(new Counted(100)).validFraction(0.25).seed(1).build();
                ImageData same =
                        small(new Counted(100)).validFraction(0.25).seed(1).build();
                ImageData other =
                        small(new Counted(100)).validFraction(0.25).seed(2).build()) {
            assertThat(data.size(Split.TRAIN)).isEqualTo(75);
            assertThat(data.size(Split.VALID)).isEqualTo(25);
            assertThat(data.has(Split.TEST)).isFalse();
            assertThat(Arrays.stream(data.targets(Split.VALID).labels()).sum()).isEqualTo(5);
            assertThat(names(data, Split.VALID)).isEqualTo(names(same, Split.VALID));
            assertThat(names(data, Split.VALID)).isNotEqualTo(names(other, Split.VALID));
            assertThat(names(data, Split.VALID)).doesNotContainAnyElementsOf(names(data, Split.TRAIN));
            assertThat(data.fingerprint())
                    .hasSize(64)
                    .isEqualTo(same.fingerprint())
                    .isNotEqualTo(other.fingerprint());
        }
    }

    private static List<String> names(ImageData data, Split split) {
        return IntStream.range(0, data.size(split))
                .mapToObj(i -> data.name(split, i))
                .toList();
    }

    @Test
    void limitsTrainingImagesInProportion() {
        try (ImageData all = small(new Counted(100)).validFraction(0.2).build();
                ImageData few = small(new Counted(100))
                        .validFraction(0.2)
                        .maxTrainSamples(20)
                        .build();
                ImageData more = small(new Counted(100))
                        .validFraction(0.2)
                        .maxTrainSamples(40)
                        .build()) {
            assertThat(few.size(Split.TRAIN)).isEqualTo(20);
            assertThat(Arrays.stream(few.targets(Split.TRAIN).labels()).sum()).isEqualTo(4);
            assertThat(names(few, Split.VALID)).isEqualTo(names(all, Split.VALID));
            assertThat(names(more, Split.TRAIN)).containsAll(names(few, Split.TRAIN));
            assertThat(names(all, Split.TRAIN)).containsAll(names(more, Split.TRAIN));
        }
    }

    @Test
    void shufflesEachEpochAndDropsTheRest() {
        try (ImageData data = small(new Counted(50)).validFraction(0).build()) {
            List<Integer> first = indices(data.train(0));
            List<Integer> second = indices(data.train(1));
            assertThat(first).hasSize(48).doesNotHaveDuplicates().isEqualTo(indices(data.train(0)));
            assertThat(second).hasSize(48).isNotEqualTo(first);
            assertThat(first).isNotEqualTo(first.stream().sorted().toList());
            assertThat(indices(data.evaluate(Split.TRAIN)))
                    .isEqualTo(IntStream.range(0, 50).boxed().toList());
        }
    }

    @Test
    void aSplitSmallerThanABatchIsOneBatch() {
        try (ImageData data = small(new Counted(5)).validFraction(0).build()) {
            assertThat(indices(data.train(3))).hasSize(5);
        }
    }

    @Test
    void sameSeedSameBytesWhateverTheWorkersAndTheCache() {
        List<List<String>> runs = new ArrayList<>();
        for (int workers : new int[] {1, 3}) {
            for (long budget : new long[] {0, 1000, 1 << 20}) {
                try (ImageData data = small(new Counted(60))
                        .workers(workers)
                        .cacheBudget(budget)
                        .hflip()
                        .padAndCrop(2)
                        .build()) {
                    List<String> run = contents(data.train(7));
                    run.addAll(contents(data.evaluate(Split.VALID)));
                    runs.add(run);
                }
            }
        }
        assertThat(runs).hasSize(6).allSatisfy(run -> assertThat(run).isEqualTo(runs.get(0)));
    }

    @Test
    void augmentationDependsOnEpochSeedAndImage() {
        try (ImageData data = small(new Counted(40))
                        .validFraction(0)
                        .hflip()
                        .padAndCrop(2)
                        .build();
                ImageData plain = small(new Counted(40)).validFraction(0).build()) {
            assertThat(contents(data.train(0))).isEqualTo(contents(data.train(0)));
            assertThat(contents(data.train(0))).isNotEqualTo(contents(data.train(1)));
            assertThat(contents(data.train(0))).isNotEqualTo(contents(plain.train(0)));
            assertThat(contents(data.evaluate(Split.TRAIN))).isEqualTo(contents(plain.evaluate(Split.TRAIN)));
        }
    }

    @Test
    void keepsWhatTheBudgetAllows() {
        Counted kept = new Counted(30);
        try (ImageData data = small(kept).validFraction(0).build()) {
            assertThat(kept.loads).hasValue(30);
            contents(data.evaluate(Split.TRAIN));
            contents(data.train(0));
            assertThat(kept.loads).hasValue(30);
        }
        Counted half = new Counted(30);
        try (ImageData data =
                small(half).validFraction(0).cacheBudget(15 * 8 * 8 * 3).build()) {
            assertThat(half.loads).hasValue(30);
            contents(data.evaluate(Split.TRAIN));
            assertThat(half.loads).hasValue(45);
        }
    }

    @Test
    void stopsBeforeTrainingAtABadImage() {
        Counted source = new Counted(30);
        source.bad.addAll(List.of(7, 20));
        assertThatThrownBy(() -> small(source).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "cannot read image 7 (and 1 more of 30); remove or replace it, or leave bad images out (skipBadImages, --skip-bad-images)");
        List<Integer> reported = new ArrayList<>();
        try (ImageData data = small(source)
                .skipBadImages(true)
                .validFraction(0)
                .onPrepare((done, total) -> reported.add(done))
                .build()) {
            assertThat(data.skipped()).containsExactly("cannot read image 7", "cannot read image 20");
            assertThat(data.size(Split.TRAIN)).isEqualTo(28);
            assertThat(names(data, Split.TRAIN)).doesNotContain("7.png", "20.png");
            assertThat(data.describe()).containsEntry("skipped_images", 2);
            assertThat(reported).last().isEqualTo(30);
            assertThat(indices(data.evaluate(Split.TRAIN))).hasSize(28);
        }
    }

    @Test
    void badImagesAmongALimitedNumberAreDroppedAndOthersStayUnopened() {
        Counted source = new Counted(100);
        ImageDataBuilder limited = small(source).skipBadImages(true).maxTrainSamples(20);
        List<String> all;
        try (ImageData data = limited.build()) {
            assertThat(source.loads).hasValue(40);
            assertThat(data.summary()).endsWith(", 60 beyond the limit not opened");
            all = names(data, Split.TRAIN);
        }
        source.loads.set(0);
        for (String name : List.of(all.get(2), all.get(11))) source.bad.add(Integer.parseInt(name.replace(".png", "")));
        try (ImageData data = limited.build()) {
            assertThat(source.loads).hasValue(40);
            List<String> left = new ArrayList<>(all);
            left.removeAll(List.of(all.get(2), all.get(11)));
            assertThat(names(data, Split.TRAIN)).isEqualTo(left);
            assertThat(data.size(Split.VALID)).isEqualTo(20);
            assertThat(data.summary())
                    .contains("2 left out that cannot be read")
                    .endsWith(", 60 beyond the limit not opened");
        }
    }

    @Test
    void closingEarlyLeavesNothingBehind() {
        try (ImageData data = small(new Counted(400)).cacheBudget(0).build()) {
            contents(data.train(0));
            long before = Engine.countedBytes();
            for (int i = 0; i < 20; i++) {
                try (DataLoader stream = data.train(i);
                        Scope scope = Scope.open()) {
                    assertThat(stream.next()).isNotNull();
                }
            }
            // The count may be lower, because the garbage collector may free memory of earlier tests.
            assertThat(Engine.countedBytes()).isLessThanOrEqualTo(before);
            assertThat(Thread.getAllStackTraces().keySet())
                    .noneMatch(thread -> thread.getName().startsWith("limbeck-"));
        }
    }

    @Test
    void labelsByNameAndKeepsUnlabeledImages(@TempDir Path folder) throws IOException {
        for (String name : List.of("Tom", "Kitty", "rex", "bello", "_who")) {
            TestImages.write(folder.resolve(name + ".png"), 0x336699);
        }
        try (ImageData data = ImageData.builder(folder)
                .labelByName(
                        name -> name.startsWith("_") ? null : Character.isUpperCase(name.charAt(0)) ? "cat" : "dog")
                .imageSize(16)
                .validFraction(0.5)
                .build()) {
            assertThat(data.classNames()).containsExactly("cat", "dog");
            assertThat(data.targets(Split.VALID).labels()).containsExactlyInAnyOrder(0, 1);
            assertThat(data.targets(Split.TRAIN).labels()).containsExactlyInAnyOrder(0, 1, -1);
            assertThat(data.inputs().get(0).shape()).containsExactly(3, 16, 16);
        }
    }

    @Test
    void namesTheBadFile(@TempDir Path folder) throws IOException {
        TestImages.write(folder.resolve("a/1.png"), 0);
        TestImages.write(folder.resolve("b/1.png"), 0);
        Path bad = folder.resolve("b/2.jpg");
        byte[] jpeg = TestImages.encode(TestImages.plain(30, 30, 0x123456), "jpg");
        Files.write(bad, Arrays.copyOf(jpeg, jpeg.length / 2));
        assertThatThrownBy(() -> ImageData.builder(folder).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessage(
                        "cannot read image " + bad
                                + ": the JPEG is cut short; remove or replace it, or leave bad images out (skipBadImages, --skip-bad-images)");
    }

    @Test
    void fingerprintsFollowTheContents(@TempDir Path folder) throws IOException {
        TestImages.write(folder.resolve("a/1.png"), 0);
        Path file = TestImages.write(folder.resolve("b/1.png"), 0);
        String before = fingerprint(folder);
        assertThat(fingerprint(folder)).isEqualTo(before);
        Files.write(file, TestImages.encode(TestImages.buffered(TestImages.random(12, 10, 1)), "png"));
        String after = fingerprint(folder);
        assertThat(after).isNotEqualTo(before);
        Files.move(file, folder.resolve("b/2.png"));
        assertThat(fingerprint(folder)).isNotEqualTo(after);
    }

    private static String fingerprint(Path folder) {
        try (ImageData data = ImageData.builder(folder).validFraction(0).build()) {
            return data.fingerprint();
        }
    }

    @Test
    void describesWhatARunMustRecord() {
        try (ImageData data =
                small(new Counted(10)).seed(5).hflip().padAndCrop(1).build()) {
            assertThat(data.describe().keySet())
                    .contains(
                            "source", "classes", "sizes", "image_size", "resize", "batch_size", "seed", "mean", "std");
            assertThat(data.describe()).containsEntry("hflip", true).containsEntry("pad_and_crop", 1);
        }
    }

    @Test
    void refusesWhatCannotWork(@TempDir Path folder) throws IOException {
        TestImages.write(folder.resolve("only/1.png"), 0);
        TestImages.write(folder.resolve("only/2.png"), 0);
        Files.createDirectories(folder.resolve("other"));
        assertThatThrownBy(() -> ImageData.builder(folder).build())
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("expected at least 2 classes")
                .hasMessageContaining("only 'only'");
        assertThatThrownBy(() -> small(new Counted(10)).imageSize(0).build()).hasMessageContaining("found 0");
        assertThatThrownBy(() -> small(new Counted(10)).batchSize(0).build()).hasMessageContaining("batch size");
        assertThatThrownBy(() -> small(new Counted(10)).validFraction(1).build())
                .hasMessageContaining("valid fraction");
        assertThatThrownBy(() -> small(new Counted(10))
                        .normalize(new double[] {0, 0, 0}, new double[] {1, 0, 1})
                        .build())
                .hasMessageContaining("above 0");
        double[] pixels = {123.7, 116.3, 103.5};
        assertThatThrownBy(() -> small(new Counted(10)).normalize(pixels, new double[] {1, 1, 1}))
                .hasMessage("mean must be on the scale where white is 1, found 123.7; divide by 255");
        // A file may have any.
        ImagePreprocessing own = new ImagePreprocessing(
                8, 8, Resize.PAD, List.of(123.7, 116.3, 103.5), List.of(1 / 255.0, 1 / 255.0, 1 / 255.0));
        try (ImageData data = small(new Counted(10)).preprocessing(own).build()) {
            assertThat(data.preprocessing()).isEqualTo(own);
        }
        assertThatThrownBy(() -> small(new Counted(10)).workers(0).build()).hasMessageContaining("workers");
        try (ImageData data = small(new Counted(10)).build()) {
            assertThatThrownBy(() -> data.evaluate(Split.TEST))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("there is no test split in a test; choose one of [train (8), valid (2)]");
        }
    }
}
