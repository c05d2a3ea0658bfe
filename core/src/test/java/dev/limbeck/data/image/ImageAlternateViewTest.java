package dev.limbeck.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.AlternateView;
import dev.limbeck.data.Batch;
import dev.limbeck.data.DataLoader;
import dev.limbeck.data.Provenance;
import dev.limbeck.data.SampleKey;
import dev.limbeck.data.Split;
import dev.limbeck.distill.KnowledgeDistillation;
import dev.limbeck.image.ImagePreprocessing;
import dev.limbeck.image.Resize;
import dev.limbeck.nn.ForwardHook;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Mixup;
import dev.limbeck.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the same images for two models with different input sizes. */
class ImageAlternateViewTest {
    private static final ImagePreprocessing LARGE =
            ImagePreprocessing.of(Map.of("image_size", "32x32", "resize", "crop", "mean", "0,0,0", "std", "1,1,1"));

    @TempDir
    Path home;

    @BeforeEach
    void pictures() throws IOException {
        for (int i = 0; i < 24; i++) {
            Path file = home.resolve((i % 2 == 0 ? "a/" : "b/") + i + ".png");
            Files.createDirectories(file.getParent());
            // Quadrants of different colors make flips and shifts visible, but not the size.
            BufferedImage image = TestImages.quadrants(64, 64, 0xff2010 + i, 0x10e020 + 7 * i, 0x2010f0, 0x808000 + i);
            Files.write(file, TestImages.encode(image, "png"));
        }
    }

    private ImageDataBuilder builder(int size) {
        return ImageData.builder(home)
                .imageSize(size)
                .batchSize(8)
                .normalize(new double[3], new double[] {1, 1, 1})
                .workers(1);
    }

    private static double[] means(float[] values, int rows, int side) {
        // The mean of each quadrant of each channel hardly depends on the size.
        double[] means = new double[rows * 12];
        int half = side / 2;
        for (int i = 0; i < values.length; i++) {
            int x = i % side;
            int y = i / side % side;
            int plane = i / (side * side);
            means[plane * 4 + (y < half ? 0 : 2) + (x < half ? 0 : 1)] += values[i] / (half * half);
        }
        return means;
    }

    @Test
    void bothSizesAreCutFromTheSamePixelsByTheSameDraws() {
        try (ImageData data = builder(16).hflip().padAndCrop(4).build();
                AlternateView lens = data.alternateView(LARGE)) {
            assertThat(lens.inputs().get(0).shape()).containsExactly(3, 32, 32);
            for (int epoch = 0; epoch < 3; epoch++) {
                try (DataLoader batches = data.train(epoch);
                        Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    float[] small = Tensors.toFloats(batch.input());
                    float[] large = Tensors.toFloats(lens.inputs(batch).only());
                    assertThat(means(large, 8, 32)).containsExactly(means(small, 8, 16), within(0.04));
                }
            }
        }
    }

    @Test
    void mixedImagesAreMixedAlikeInBothSizes() {
        for (Mixup mixup : List.of(Mixup.blend(1), Mixup.cut(1))) {
            try (ImageData data = builder(16).build();
                    ImageData wide = builder(32).build();
                    Learner teacher = Learner.create(wide, Zoo.CIFAR_RESNET8);
                    Learner student = Learner.create(data, Zoo.CIFAR_RESNET8)) {
                List<double[]> seen = new ArrayList<>();
                try (ForwardHook.Registration ofTeacher = teacher.model().onForward((m, inputs, output) -> {
                            if (m == teacher.model() && inputs.only().size(0) == 8) {
                                assertThat(inputs.only().size(2)).isEqualTo(32);
                                seen.add(means(Tensors.toFloats(inputs.only()), 8, 32));
                            }
                            return null;
                        });
                        ForwardHook.Registration ofStudent = student.model().onForward((m, inputs, output) -> {
                            if (student.model().isTraining()) seen.add(means(Tensors.toFloats(inputs.only()), 8, 16));
                            return null;
                        })) {
                    student.fit(
                            1, 0.001, mixup, KnowledgeDistillation.from(teacher).build());
                }
                assertThat(seen).hasSizeGreaterThanOrEqualTo(4);
                // Student, then teacher, for each training batch, with validation before and after.
                int pairs = 0;
                for (int i = 0; i + 1 < seen.size(); i++) {
                    if (close(seen.get(i), seen.get(i + 1))) pairs++;
                }
                assertThat(pairs).isGreaterThanOrEqualTo(2);
            }
        }
    }

    private static boolean close(double[] one, double[] other) {
        for (int i = 0; i < one.length; i++) if (Math.abs(one[i] - other[i]) > 0.06) return false;
        return true;
    }

    @Test
    void aTeachersResizeIsItsOwnAtTheSameSize() throws IOException {
        BufferedImage wide = TestImages.quadrants(96, 32, 0xff0000, 0x00ff00, 0x0000ff, 0xffffff);
        // Cropping loses it.
        for (int y = 0; y < 32; y++) for (int x = 0; x < 24; x++) wide.setRGB(x, y, 0x808080);
        Files.write(home.resolve("a/0.png"), TestImages.encode(wide, "png"));
        try (ImageData data = builder(16).resize(Resize.SQUISH).build();
                ImageData cropped = builder(16).resize(Resize.CROP).build();
                AlternateView lens = data.alternateView(cropped.preprocessing());
                DataLoader own = data.evaluate(Split.TRAIN);
                DataLoader theirs = cropped.evaluate(Split.TRAIN);
                Scope scope = Scope.open()) {
            Batch batch = own.next();
            float[] expected = Tensors.toFloats(theirs.next().input());
            assertThat(Tensors.toFloats(lens.inputs(batch).only()))
                    .containsExactly(expected, within(1e-6f))
                    .isNotEqualTo(Tensors.toFloats(batch.input()));
            Batch unknown = new Batch(batch.inputs(), batch.targets(), batch.indices());
            assertThat(Tensors.toFloats(lens.inputs(unknown).only())).isEqualTo(Tensors.toFloats(batch.input()));
            StreamedImages streamed = new StreamedImages(data.preprocessing(), data.task(), 1);
            assertThat(streamed.alternateView(data.preprocessing())).isInstanceOf(RenormalizedView.class);
            assertThat(streamed.alternateView(cropped.preprocessing())).isNotInstanceOf(RenormalizedView.class);
        }
    }

    @Test
    void viewsRepeatAndHaveDifferentKeys() {
        try (ImageData data = builder(16)
                        .hflip()
                        .padAndCrop(4)
                        .augmentation(a -> a.withViews(2))
                        .build();
                ImageData plain = builder(16).hflip(false).padAndCrop(0).build()) {
            assertThat(data.views()).containsExactly(0, 1);
            assertThat(plain.views()).containsExactly(Provenance.PLAIN);
            SampleKey[] zero = data.keys(new Provenance(Split.TRAIN, 0), 0, 1, 2);
            SampleKey[] one = data.keys(new Provenance(Split.TRAIN, 1), 0, 1, 2);
            assertThat(zero).doesNotContain(one).doesNotHaveDuplicates();
            assertThat(data.keys(new Provenance(Split.TRAIN, Provenance.PLAIN), 0, 1, 2))
                    .as("unaugmented rows are the same in other data")
                    .containsExactly(plain.keys(new Provenance(Split.TRAIN, Provenance.PLAIN), 0, 1, 2));
            float[] first = inputs(data, 0);
            assertThat(inputs(data, 1)).isNotEqualTo(first);
            Map<Integer, Integer> again = rows(data, 2);
            // A last batch that is not full is dropped, with different rows in each epoch.
            assertThat(same(again, rows(data, 0))).isGreaterThanOrEqualTo(8).isEqualTo(common(again, rows(data, 0)));
            assertThat(same(again, rows(data, 1))).isLessThan(common(again, rows(data, 1)));
        }
    }

    private static float[] inputs(ImageData data, int view) {
        try (DataLoader batches = data.view(Split.TRAIN, view);
                Scope scope = Scope.open()) {
            return Tensors.toFloats(batches.next().input());
        }
    }

    private static long common(Map<Integer, Integer> one, Map<Integer, Integer> other) {
        return one.keySet().stream().filter(other::containsKey).count();
    }

    private static long same(Map<Integer, Integer> one, Map<Integer, Integer> other) {
        return one.entrySet().stream()
                .filter(row -> row.getValue().equals(other.get(row.getKey())))
                .count();
    }

    /** Return a hash of each row of an epoch by its index. */
    private static Map<Integer, Integer> rows(ImageData data, int epoch) {
        Map<Integer, Integer> rows = new HashMap<>();
        try (DataLoader batches = data.train(epoch)) {
            for (int i = 0; i < batches.batches(); i++) {
                try (Scope scope = Scope.open()) {
                    Batch batch = batches.next();
                    float[] values = Tensors.toFloats(batch.input());
                    for (int row = 0; row < batch.size(); row++) {
                        rows.put(
                                batch.indices()[row],
                                Arrays.hashCode(Arrays.copyOfRange(values, row * 768, (row + 1) * 768)));
                    }
                }
            }
        }
        return rows;
    }

    @Test
    void aBatchOfUnknownOriginIsRefused() {
        try (ImageData data = builder(16).build();
                AlternateView lens = data.alternateView(LARGE);
                DataLoader batches = data.evaluate(Split.TRAIN);
                Scope scope = Scope.open()) {
            Batch batch = batches.next();
            Batch unknown = new Batch(batch.inputs(), batch.targets(), batch.indices());
            assertThatThrownBy(() -> lens.inputs(unknown))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("the batch does not identify its images, but images of 32×32 are needed; choose a "
                            + "model for the data's own size");
        }
    }
}
