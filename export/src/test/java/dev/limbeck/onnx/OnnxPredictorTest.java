package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.LimbeckException;
import dev.limbeck.Prediction;
import dev.limbeck.data.image.Datasets;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.export.Exporter;
import dev.limbeck.export.OnnxFile;
import dev.limbeck.image.ImageClassifier;
import dev.limbeck.image.ImageDecoder;
import dev.limbeck.image.ImageOutcome;
import dev.limbeck.image.RgbImage;
import dev.limbeck.model.SavedModel;
import dev.limbeck.predict.image.Predictor;
import dev.limbeck.train.Learner;
import dev.limbeck.zoo.Zoo;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that the predictor without LibTorch has the same outputs as the one with it. */
class OnnxPredictorTest {
    /** Number of bytes of the checksum entry, the last of a file. */
    private static final int SEAL = 19;

    @TempDir
    static Path home;

    private static Path model;
    private static Path onnx;

    @BeforeAll
    static void export() {
        model = home.resolve("student.safetensors");
        try (ImageData data = Datasets.open("shapes").maxTrainSamples(100).build();
                Learner learner = Learner.create(data, Zoo.CIFAR_RESNET8)) {
            learner.fit(1, 0.01);
            learner.save(model);
        }
        onnx = export("plain", OnnxFile.Options.defaults());
    }

    private static Path export(String name, OnnxFile.Options options) {
        try (SavedModel saved = SavedModel.open(model, null)) {
            return Exporter.of(saved)
                    .options(options)
                    .export(home.resolve(name))
                    .get(0)
                    .file();
        }
    }

    private static BufferedImage picture(int width, int height, int type, long seed) {
        BufferedImage image = new BufferedImage(width, height, type);
        Random random = new Random(seed);
        int tint = random.nextInt();
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) image.setRGB(x, y, 0xff000000 | (tint + x * 0x030501 + y * 0x010204));
        }
        return image;
    }

    static List<Path> pictures() throws IOException {
        List<Path> files = new ArrayList<>();
        int[][] shapes = {{32, 32}, {50, 37}, {20, 90}, {200, 150}};
        for (int i = 0; i < shapes.length; i++) {
            for (String kind : List.of("png", "jpg", "bmp")) {
                int type = kind.equals("png") && i % 2 == 0 ? BufferedImage.TYPE_INT_ARGB : BufferedImage.TYPE_INT_RGB;
                Path file = home.resolve("picture" + i + "." + kind);
                ImageIO.write(picture(shapes[i][0], shapes[i][1], type, i), kind, file.toFile());
                files.add(file);
            }
        }
        Path gray = home.resolve("gray.png");
        ImageIO.write(picture(40, 40, BufferedImage.TYPE_BYTE_GRAY, 9), "png", gray.toFile());
        files.add(gray);
        return files;
    }

    @ParameterizedTest
    @CsvSource({"true, false, false", "false, false, false", "true, true, false", "true, true, true"})
    void saysWhatThePredictorWithLibTorchSays(boolean folds, boolean normalizes, boolean softmax) throws IOException {
        Path file = export("as-" + folds + normalizes + softmax, new OnnxFile.Options(folds, normalizes, softmax));
        try (Predictor one = Predictor.open(model);
                OnnxPredictor other = OnnxPredictor.open(file)) {
            assertThat(other.classNames()).isEqualTo(one.classNames());
            for (Path picture : pictures()) {
                Prediction expected = one.predict(picture);
                Prediction found = other.predict(picture);
                assertThat(found.className()).as(picture.toString()).isEqualTo(expected.className());
                assertThat(found.probability()).isEqualTo(expected.probability(), within(1e-4));
            }
        }
    }

    @Test
    void manyThreadsGetWhatOneGets() throws Exception {
        List<RgbImage> images = new ArrayList<>();
        for (int i = 0; i < 8; i++) images.add(RgbImage.of(picture(40, 40, BufferedImage.TYPE_INT_RGB, i)));
        try (OnnxPredictor predictor = OnnxPredictor.open(onnx)) {
            List<Prediction> alone = images.stream().map(predictor::predict).toList();
            assertThat(predictor.predictAll(images).get(3).logits())
                    .containsExactly(alone.get(3).logits(), within(1e-4));
            ExecutorService threads = Executors.newFixedThreadPool(4);
            List<Future<Boolean>> futures = new ArrayList<>();
            for (int i = 0; i < 200; i++) {
                int at = i % images.size();
                Callable<Boolean> ask = () -> predictor
                        .predict(images.get(at))
                        .className()
                        .equals(alone.get(at).className());
                futures.add(threads.submit(ask));
            }
            for (Future<Boolean> future : futures) assertThat(future.get()).isTrue();
            threads.shutdown();
        }
    }

    @Test
    void saysInOneLineWhatIsWrong() throws IOException {
        Path text = Files.writeString(home.resolve("text.onnx"), "no model");
        Path foreign = home.resolve("foreign.onnx");
        // Without the checksum entry, and with a renamed metadata key.
        Files.write(foreign, changed("image_size", "imagf_size", SEAL));
        wrong(() -> OnnxPredictor.open(text), text + " is not an ONNX file that can be run: ");
        wrong(() -> OnnxPredictor.open(home.resolve("no.onnx")), "no ONNX file at ");
        wrong(
                () -> OnnxPredictor.open(foreign),
                foreign + " does not say its image_size; expected a file that limbeck export wrote");
        OnnxPredictor predictor = OnnxPredictor.open(onnx);
        wrong(() -> predictor.predict(text), "cannot read image " + text + ": not an image of a known format");
        wrong(
                () -> predictor.predict(home.resolve("no.png")),
                "cannot read image " + home.resolve("no.png") + ": no such file");
        predictor.close();
        predictor.close();
        wrong(
                () -> predictor.predict(picture(8, 8, BufferedImage.TYPE_INT_RGB, 1)),
                onnx + " is closed; open it again");
    }

    /** Return the exported file with a text replaced and the last {@code cut} bytes removed. */
    private static byte[] changed(String from, String to, int cut) throws IOException {
        byte[] bytes = Files.readAllBytes(onnx);
        int at = indexOf(bytes, from.getBytes(StandardCharsets.UTF_8));
        System.arraycopy(to.getBytes(StandardCharsets.UTF_8), 0, bytes, at, to.length());
        return Arrays.copyOf(bytes, bytes.length - cut);
    }

    /** Whatever happens to a file, it is rejected in one line, without a crash or an output. */
    @Test
    void editedAndCutFilesAreRefused() throws IOException {
        byte[] good = Files.readAllBytes(onnx);
        Path broken = home.resolve("broken.onnx");
        Random random = new Random(4);
        for (int i = 0; i < 300; i++) {
            byte[] bytes = good.clone();
            // The first and the last bytes identify the format; a flip in the checksum's own key only removes the
            // checksum.
            int at = i < 100 ? i : random.nextInt(good.length - SEAL);
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            Files.write(broken, bytes);
            wrong(() -> OnnxPredictor.open(broken), broken + " was damaged or edited after it was exported; ");
            int length = random.nextInt(good.length - SEAL);
            Files.write(broken, Arrays.copyOf(good, length));
            wrong(() -> OnnxPredictor.open(broken), broken.toString());
        }
    }

    @Test
    void filesOfOthersAreRefusedForWhatTheyAre() throws IOException {
        Path other = home.resolve("other.onnx");
        Files.write(other, changed("32x32", "0x032", SEAL));
        wrong(() -> OnnxPredictor.open(other), other + " has malformed metadata: ");
        Files.write(other, changed("32x32", "16x32", SEAL));
        wrong(
                () -> OnnxPredictor.open(other),
                other
                        + " takes FLOAT [-1, 3, 32, 32]; expected float32, any number of images×3×16×32, as its image_size says");
        Files.write(other, changed("normalized", "normalizes", SEAL));
        wrong(() -> OnnxPredictor.open(other), other + " has malformed metadata: ");
        Files.write(other, changed("32x32", "99999", SEAL));
        wrong(() -> OnnxPredictor.open(other), other + " has malformed metadata: ");
        Files.write(other, changed("\",\"", "   \",", SEAL));
        wrong(() -> OnnxPredictor.open(other), other + " has class names that are not a JSON list of strings");
        Files.write(other, changed("\",\"", "  \u00a0", SEAL));
        wrong(() -> OnnxPredictor.open(other), other + " names 9 classes, but gives 10 outputs");
    }

    /** Both predictors must reject damaged images with the same message. */
    @Test
    void brokenImagesAreRefusedAlike() throws IOException {
        Random random = new Random(6);
        try (ImageClassifier one = Predictor.open(model);
                ImageClassifier other = OnnxPredictor.open(onnx)) {
            for (Path picture : pictures()) {
                byte[] good = Files.readAllBytes(picture);
                for (int i = 0; i < 25; i++) {
                    byte[] bytes = good.clone();
                    if (i % 2 == 0) bytes[random.nextInt(Math.min(bytes.length, 80))] = (byte) random.nextInt();
                    else bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
                    Path broken = Files.write(home.resolve("broken-picture"), bytes);
                    assertThat(answer(other, broken)).isEqualTo(answer(one, broken));
                }
            }
        }
    }

    /** EXIF with orientation 6: the upright image is the stored one turned by 90 degrees clockwise. */
    private static final String TURNED =
            "ffe10022" + "457869660000" + "4d4d002a00000008" + "0001" + "011200030000000100060000" + "00000000";

    @Test
    void bothHeedTheOrientationOfAPhoto() throws IOException {
        ByteArrayOutputStream jpeg = new ByteArrayOutputStream();
        ImageIO.write(picture(60, 40, BufferedImage.TYPE_INT_RGB, 3), "jpg", jpeg);
        byte[] plain = jpeg.toByteArray();
        byte[] exif = HexFormat.of().parseHex(TURNED);
        byte[] turned = new byte[plain.length + exif.length];
        System.arraycopy(plain, 0, turned, 0, 2);
        System.arraycopy(exif, 0, turned, 2, exif.length);
        System.arraycopy(plain, 2, turned, 2 + exif.length, plain.length - 2);
        Path file = Files.write(home.resolve("turned.jpg"), turned);
        RgbImage stored = ImageDecoder.read(plain);
        byte[] pixels = new byte[stored.rgb().length];
        for (int y = 0; y < 60; y++) {
            for (int x = 0; x < 40; x++)
                System.arraycopy(stored.rgb(), 3 * ((39 - x) * 60 + y), pixels, 3 * (y * 40 + x), 3);
        }
        RgbImage upright = new RgbImage(40, 60, pixels);
        try (ImageClassifier one = Predictor.open(model);
                ImageClassifier other = OnnxPredictor.open(onnx)) {
            for (ImageClassifier predictor : List.of(one, other)) {
                double[] expected = predictor.predict(upright).logits();
                assertThat(predictor.predict(stored).logits()).isNotEqualTo(expected);
                assertThat(predictor.predict(file).logits()).isEqualTo(expected);
                assertThat(predictor.predict(turned).logits()).isEqualTo(expected);
                assertThat(predictor.predict(new ByteArrayInputStream(turned)).logits())
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void noImageIsRefusedInOneLine() {
        try (ImageClassifier one = Predictor.open(model);
                ImageClassifier other = OnnxPredictor.open(onnx)) {
            for (ImageClassifier predictor : List.of(one, other)) {
                wrong(() -> predictor.predict((byte[]) null), "an image must be given, found null");
                wrong(() -> predictor.predict((InputStream) null), "an image must be given, found null");
                wrong(() -> predictor.predict((BufferedImage) null), "an image must be given, found null");
                wrong(() -> predictor.predict(new byte[5]), "cannot read the image of 5 bytes: not an image");
                wrong(() -> predictor.predict(Path.of("no.png")), "cannot read image no.png: no such file");
            }
        }
    }

    @Test
    void manyFilesAreReadInBatchesAndBadOnesDoNotStopTheOthers() throws IOException {
        List<Path> files = new ArrayList<>();
        for (int i = 0; i < 12; i++) files.addAll(pictures());
        Path bad = Files.writeString(home.resolve("bad.jpg"), "no picture");
        files.add(0, bad);
        files.add(70, home.resolve("none.jpg"));
        files.add(bad);
        try (ImageClassifier one = Predictor.open(model);
                ImageClassifier other = OnnxPredictor.open(onnx)) {
            for (ImageClassifier predictor : List.of(one, other)) {
                List<ImageOutcome<Prediction>> outcomes = new ArrayList<>();
                predictor.predictFiles(files, outcomes::add);
                assertThat(outcomes.stream().map(ImageOutcome::file).toList()).isEqualTo(files);
                for (int i = 0; i < files.size(); i++) {
                    ImageOutcome<Prediction> outcome = outcomes.get(i);
                    if (i == 0 || i == 70 || i == files.size() - 1) {
                        assertThat(outcome.prediction()).isNull();
                        assertThat(outcome.problem()).startsWith("cannot read image " + files.get(i) + ": ");
                    } else {
                        assertThat(outcome.problem()).isNull();
                        assertThat(outcome.prediction().logits())
                                .containsExactly(predictor.predict(files.get(i)).logits(), within(1e-4));
                    }
                }
                predictor.predictFiles(List.of(bad), outcomes::add);
                assertThat(outcomes).hasSize(files.size() + 1);
            }
        }
    }

    private static String answer(ImageClassifier classifier, Path image) {
        try {
            return classifier.predict(image).className();
        } catch (LimbeckException e) {
            assertThat(e.getMessage())
                    .startsWith("cannot read image " + image + ": ")
                    .doesNotContain("\n");
            return e.getMessage();
        }
    }

    private static void wrong(Runnable work, String message) {
        assertThatThrownBy(work::run)
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(message)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }

    private static int indexOf(byte[] bytes, byte[] part) {
        for (int i = 0; ; i++) {
            int k = 0;
            while (k < part.length && bytes[i + k] == part[k]) k++;
            if (k == part.length) return i;
        }
    }

    @Test
    void readsListsOfStrings() {
        Path file = Path.of("x");
        assertThat(JsonStrings.list("[]", file)).isEmpty();
        assertThat(JsonStrings.list(" [ \"a\" , \"\\u00e9 \\\"b\\\" \\\\\" ]", file))
                .containsExactly("a", "é \"b\" \\");
        for (String broken : List.of("", "[", "[1]", "[\"a\"", "[\"a\",]", "[\"a\"] x", "{\"a\":1}")) {
            assertThatThrownBy(() -> JsonStrings.list(broken, file))
                    .as(broken)
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage("x has class names that are not a JSON list of strings");
        }
    }
}
