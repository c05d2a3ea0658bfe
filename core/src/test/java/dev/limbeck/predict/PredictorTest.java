package dev.limbeck.predict;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.ScriptFiles;
import dev.limbeck.data.Split;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.image.RgbImage;
import dev.limbeck.nn.StateDict;
import dev.limbeck.predict.image.Predictor;
import dev.limbeck.tensor.Engine;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.WeightFiles;
import dev.limbeck.zoo.Architecture;
import dev.limbeck.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictorTest {
    private static final int THREADS = 8;
    private static final int CALLS = 10_000;

    @TempDir
    static Path folder;

    private static Path file;
    private static ImageData data;
    private static Predictions expected;
    private static final List<RgbImage> IMAGES = new ArrayList<>();

    @BeforeAll
    static void train() {
        file = folder.resolve("model.safetensors");
        data = ImageData.builder(Datasets.shapes(200, 10, 50)).seed(1).build();
        try (Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.fit(1, 1e-2);
            learner.save(file);
            expected = learner.predict(Split.TEST);
        }
        for (int i = 0; i < 50; i++) IMAGES.add(data.image(Split.TEST, i));
    }

    @AfterAll
    static void close() {
        data.close();
    }

    private static void assertExpected(Prediction prediction, int row) {
        for (int c = 0; c < 10; c++) {
            assertThat(prediction.logits()[c]).isCloseTo(expected.row(row)[c], within(1e-3));
        }
        assertThat(prediction.className()).isEqualTo(data.classNames().get(expected.argmax(row)));
    }

    @Test
    void anUploadAStreamAndADecodedImageGiveTheSame() throws IOException {
        BufferedImage image = new BufferedImage(40, 30, BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < 1200; i++) image.setRGB(i % 40, i / 40, i * 7919);
        ByteArrayOutputStream png = new ByteArrayOutputStream();
        ImageIO.write(image, "png", png);
        try (Predictor predictor = Predictor.open(file)) {
            double[] expected = predictor.predict(image).logits();
            assertThat(predictor.predict(png.toByteArray()).logits()).isEqualTo(expected);
            assertThat(predictor
                            .predict(new ByteArrayInputStream(png.toByteArray()))
                            .logits())
                    .isEqualTo(expected);
            assertThatThrownBy(() -> predictor.predict((BufferedImage) null))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("found null");
            assertThatThrownBy(() -> predictor.predict((byte[]) null))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessageContaining("found null");
            assertThatThrownBy(() -> predictor.predict("no image".getBytes(StandardCharsets.UTF_8)))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("cannot read the image of 8 bytes: not an image of a known format (" + ImageFormat.READ
                            + ")");
        }
    }

    @Test
    void predictsAsTheLearnerDoes() {
        try (Predictor predictor = Predictor.open(file)) {
            for (int i = 0; i < 50; i++) assertExpected(predictor.predict(IMAGES.get(i)), i);
            List<Prediction> together = predictor.predictAll(IMAGES);
            for (int i = 0; i < 50; i++) assertExpected(together.get(i), i);
            assertThat(predictor.predictAll(List.of())).isEmpty();
            assertThat(predictor.classNames()).isEqualTo(data.classNames());
            Prediction first = together.get(0);
            assertThat(first.probabilities().values().stream()
                            .mapToDouble(p -> p)
                            .sum())
                    .isCloseTo(1, within(1e-9));
            assertThat(first.best(3)).hasSize(3).containsEntry(first.className(), first.probability());
            assertThat(first.softened(100).get(first.className())).isLessThan(first.probability());
        }
    }

    @Test
    void manyThreadsGetWhatOneGetsAndMemoryIsFlat() throws Exception {
        try (Predictor predictor = Predictor.open(file)) {
            List<Prediction> alone = IMAGES.stream().map(predictor::predict).toList();
            long before = Engine.countedBytes();
            ExecutorService threads = Executors.newFixedThreadPool(THREADS);
            List<Future<Integer>> futures = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int first = t;
                Callable<Integer> work = () -> {
                    int equal = 0;
                    for (int i = first; i < CALLS; i += THREADS) {
                        int row = i % IMAGES.size();
                        double[] found = predictor.predict(IMAGES.get(row)).logits();
                        if (Arrays.equals(found, alone.get(row).logits())) equal++;
                    }
                    return equal;
                };
                futures.add(threads.submit(work));
            }
            int equal = 0;
            for (Future<Integer> future : futures) equal += future.get();
            threads.shutdown();
            assertThat(equal).isEqualTo(CALLS);
            assertThat(Engine.countedBytes()).isLessThanOrEqualTo(before);
        }
    }

    @Test
    void aClosedPredictorSaysSo() {
        Predictor predictor = Predictor.open(file);
        predictor.close();
        predictor.close();
        assertThatThrownBy(() -> predictor.predict(IMAGES.get(0)))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("the predictor is closed; open another");
    }

    @Test
    void aBareFileIsPreparedAsItsArchitectureSuggests() {
        Path bare = folder.resolve("bare.safetensors");
        try (StateDict state = WeightFiles.read(file)) {
            state.metadata().clear();
            Safetensors.write(state, bare);
        }
        try (Predictor predictor = Predictor.open(bare, Zoo.CIFAR_RESNET8)) {
            assertThat(predictor.knowsPreparation()).isFalse();
            assertThat(predictor.preprocessing().height()).isEqualTo(32);
            assertThat(predictor.classNames()).startsWith("class 0").hasSize(10);
            assertThat(predictor.predict(IMAGES.get(0)).logits()[3]).isCloseTo(expected.row(0)[3], within(1e-3));
        }
    }

    /** A row such as [0.4, 0.6] looks like probabilities alone, but like logits together with [3, -1]. */
    @Test
    void outputsOfAForeignFileDoNotDependOnTheRestOfTheBatch() {
        Path foreign = folder.resolve("foreign.pt");
        ScriptFiles.write(
                foreign,
                "m = torch.mean(x, [2, 3])\nreturn torch.stack([m[:, 0] * 4.0 - 1.6, m[:, 1] * -4.0 + 2.6], 1)",
                Map.of("image_size", "2x2", "mean", "0,0,0", "std", "1,1,1", "classes", "[\"a\",\"b\"]"));
        RgbImage unclear = new RgbImage(2, 2, gray(127));
        RgbImage plain = new RgbImage(2, 2, gray(255));
        try (Predictor predictor = Predictor.open(foreign)) {
            double[] alone = predictor.predict(unclear).logits();
            double[] beside =
                    predictor.predictAll(List.of(plain, unclear)).get(1).logits();
            assertThat(alone).containsExactly(beside);
            assertThat(alone[0]).isCloseTo(0.392, within(1e-3));
        }
    }

    private static byte[] gray(int value) {
        byte[] pixels = new byte[12];
        Arrays.fill(pixels, (byte) value);
        return pixels;
    }

    @Test
    void aCustomArchitectureNeedNotBeInTheZoo() {
        Architecture own = new Architecture("mynet", 32, classes -> Zoo.CIFAR_RESNET8.create((int) classes));
        Path saved = folder.resolve("own.safetensors");
        try (Learner learner = Learner.create(data, own)) {
            learner.save(saved);
        }
        try (Predictor predictor = Predictor.open(saved, own)) {
            assertThat(predictor.predict(IMAGES.get(0)).logits()).hasSize(10);
        }
    }
}
