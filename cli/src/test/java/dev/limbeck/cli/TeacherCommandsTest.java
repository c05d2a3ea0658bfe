package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.awt.Color;
import java.awt.GradientPaint;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Test the way from photographs to a small student: a teacher file with 224 px inputs is inspected, cached, and
 * distilled at 64 px.
 */
class TeacherCommandsTest {
    @TempDir
    static Path home;

    private static Path photographs;
    private static Path teacher;
    private static Path onnx;

    @BeforeAll
    static void teach() throws IOException {
        photographs = home.resolve("photographs");
        Random random = new Random(5);
        for (String name : List.of("day", "night")) {
            Path folder = Files.createDirectories(photographs.resolve(name));
            for (int i = 0; i < 8; i++) photograph(folder.resolve("p" + i + ".jpg"), name.equals("day"), random);
        }
        teacher = home.resolve("teacher");
        Cli.run("train", data("224"), "--arch", "shufflenet_v2_x1_0", "--epochs", "1", "--out", teacher)
                .done();
        Path out = home.resolve("files");
        Cli.run("export", "--model", teacher, "--out", out).done();
        onnx = out.resolve("model.onnx");
    }

    /** Create a photograph that is not square and larger than the input of any model. */
    private static void photograph(Path file, boolean day, Random random) throws IOException {
        BufferedImage image = new BufferedImage(500, 375, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setPaint(new GradientPaint(0, 0, day ? Color.CYAN : Color.BLACK, 0, 375, Color.GRAY));
        pen.fillRect(0, 0, 500, 375);
        for (int i = 0; i < 20; i++) {
            pen.setColor(new Color(random.nextInt(1 << 24)));
            pen.fillOval(random.nextInt(500), random.nextInt(375), 20, 30);
        }
        pen.dispose();
        ImageIO.write(image, "jpg", file.toFile());
    }

    private static Object[] data(String size) {
        return new Object[] {
            "--data", photographs, "--image-size", size, "--batch-size", "4", "--valid-fraction", "0.25"
        };
    }

    private static Object[] distill(Object... more) {
        List<Object> all = new ArrayList<>(List.of(data("64")));
        all.addAll(List.of("--arch", "cifar-resnet8", "--epochs", "1"));
        all.addAll(List.of(more));
        return all.toArray();
    }

    @Test
    void theTeacherSeesLargeImagesOfWhatTheStudentSees() throws IOException {
        JsonNode check =
                Cli.run("check", distill("--teacher", onnx), "--json").done().json();
        assertThat(check.at("/teacher_input/image_size").asText()).isEqualTo("224x224");
        assertThat(check.at("/data_input/image_size").asText()).isEqualTo("64x64");
        double itself = Cli.read(teacher.resolve("run.json"))
                .at("/results/valid/accuracy")
                .asDouble(-1);
        assertThat(check.at("/preflight/value").asDouble())
                .as("as accurate as it was at its own size")
                .isEqualTo(itself);
        // The file accepts only its fixed input of 3×224×224.
        Path run = home.resolve("student");
        Cli.run("distill", distill("--teacher", onnx, "--hflip", "--random-resized-crop", "0.6", "--out", run))
                .done();
        assertThat(Cli.read(run.resolve("run.json"))
                        .at("/distillation/teacher_file")
                        .asText())
                .isEqualTo(onnx.toString());
    }

    @Test
    void checkSaysInWordsWhatTheTeacherIs() {
        String said = Cli.run("check", distill("--teacher", onnx)).done().out();
        assertThat(said)
                .contains(
                        "accuracy on 4 validation rows",
                        "(ONNX, SHA-256 ",
                        "output: logits",
                        "classes: day, night",
                        "teacher's input: ",
                        "term task on the first batch: ",
                        "term SoftTarget on the first batch: ");
    }

    @Test
    void inspectSaysWhatAFileIs() {
        assertThat(Cli.run("inspect", onnx).done().out())
                .contains(
                        "kind: ONNX",
                        "input float32 N×3×224×224",
                        "preprocessing: image_size 224x224, resize crop",
                        "classes: day, night",
                        "layout: nchw");
        Cli.Answer refused = Cli.run("inspect", onnx, "--weights-key", "ema");
        assertThat(refused.code()).isEqualTo(2);
        assertThat(refused.err())
                .contains("--weights-key is for checkpoints, found " + onnx + ", which holds a network");
        JsonNode weights = Cli.run("inspect", teacher, "--json").done().json();
        assertThat(weights.get("kind").asText()).isEqualTo("weights without a network (a state dict)");
        assertThat(weights.get("metadata.architecture").asText()).isEqualTo("shufflenet_v2_x1_0");
        assertThat(Cli.run("inspect", photographs.resolve("day/p0.jpg")).code()).isEqualTo(1);
    }

    @Test
    void keptAnswersTeachInTheTeachersPlace() throws IOException {
        Path answers = home.resolve("answers");
        Object[] keeping = {"--teacher", onnx, "--cache-teacher", answers};
        Object[] kept = distill("--no-hflip", keeping);
        JsonNode log = Cli.run("cache", kept, "--json").done().json();
        assertThat(log.get("rows").asInt()).isEqualTo(12);
        try (Stream<Path> files = Files.list(answers)) {
            assertThat(log.get("bytes").asLong())
                    .isEqualTo(files.mapToLong(file -> file.toFile().length()).sum());
        }
        String live = Cli.run(
                        "distill", distill("--no-hflip", "--teacher", onnx), "--out", home.resolve("live"), "--json")
                .done()
                .json()
                .get("model_sha256")
                .asText();
        assertThat(Cli.run("distill", kept, "--out", home.resolve("by-answers"), "--json")
                        .done()
                        .json()
                        .get("model_sha256")
                        .asText())
                .isEqualTo(live);
        assertThat(Cli.run("distill", distill("--hflip", keeping), "--out", home.resolve("none"))
                        .err())
                .contains("training rows are augmented or mixed anew in each epoch")
                .hasLineCount(1);
        assertThat(Cli.run(
                                "distill",
                                distill("--hflip", keeping),
                                "--augment-views",
                                "2",
                                "--out",
                                home.resolve("none"))
                        .err())
                .contains(answers + " caches outputs of other settings: ")
                .hasLineCount(1);
        assertThat(home.resolve("none")).doesNotExist();
        String smaller = Cli.run(
                        "cache",
                        distill(
                                "--no-hflip",
                                "--teacher",
                                onnx,
                                "--cache-teacher",
                                home.resolve("half"),
                                "--cache-dtype",
                                "float16"))
                .done()
                .out();
        assertThat(smaller)
                .contains(
                        "outputs for 12 training rows are in ",
                        " with cached outputs, ",
                        " with live ones",
                        "soft-target for a student that gives the cached outputs exactly: ");
    }

    /** Mixed and cropped views are cached, and the student then needs no teacher. */
    @Test
    void mixedViewsAreCachedToo() throws IOException {
        Path views = home.resolve("views");
        Object[] kept = distill(
                "--teacher",
                onnx,
                "--mixup",
                "0.8",
                "--random-resized-crop",
                "0.5",
                "--augment-views",
                "2",
                "--cache-teacher",
                views);
        JsonNode cached = Cli.run("cache", kept, "--cache-dtype", "float16", "--json")
                .done()
                .json();
        assertThat(cached.get("rows").asInt()).isEqualTo(24);
        assertThat(cached.at("/costs/soft-target/apart").asDouble()).isBetween(1e-12, 1e-4);
        String filled = names(views);
        assertThat(Cli.run("distill", kept, "--cache-dtype", "float16", "--out", home.resolve("of-views"))
                        .done()
                        .err())
                .contains("28 cached outputs in " + views);
        assertThat(names(views)).as("nothing was computed").isEqualTo(filled);
        assertThat(Cli.run("distill", kept, "--cache-dtype", "float16", "--seed", "4", "--out", home.resolve("none"))
                        .err())
                .contains("caches outputs of other settings: data.augmentation_seed is 0 in the folder, now 4")
                .hasLineCount(1);
        assertThat(Cli.run(
                                "distill",
                                distill("--no-hflip", "--teacher", onnx, "--cutmix", "1", "--cache-teacher", views),
                                "--out",
                                home.resolve("none"))
                        .err())
                .contains("training rows are augmented or mixed anew in each epoch", "--augment-views 4")
                .hasLineCount(1);
    }

    private static String names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(Path::toString).sorted().toList().toString();
        }
    }

    @Test
    void severalTeachersAreJoined() throws IOException {
        Path run = home.resolve("by-two");
        Cli.run(
                        "distill",
                        distill("--teacher", onnx, "--teacher", teacher, "--ensemble", "probabilities"),
                        "--teacher-weights",
                        "2,1",
                        "--out",
                        run)
                .done();
        assertThat(Cli.read(run.resolve("run.json")).at("/distillation/teacher").asText())
                .contains("model.onnx", "+");
    }

    @Test
    void answersThatMayNotBeReadAreOneLine() throws IOException {
        Path answers = Files.createDirectories(home.resolve("foreign-answers"));
        Files.writeString(answers.resolve("facts.json"), "{");
        assertThat(Cli.run("cache", distill("--teacher", onnx, "--cache-teacher", answers))
                        .err())
                .contains(
                        "facts.json is damaged: Unexpected end-of-input: expected close marker for Object; or delete ")
                .hasLineCount(1);
        assertThat(Cli.run("cache", distill("--teacher", onnx)).err())
                .contains("set one with --cache-teacher")
                .hasLineCount(1);
        assertThat(Cli.run("check", distill()).err())
                .contains("Missing required option: '--teacher'")
                .hasLineCount(1);
    }

    @Test
    void oneRunTrainsSeveralStudents() throws IOException {
        Path out = home.resolve("several");
        Object[] options = distill("--teacher", onnx, "--also", "small-cnn-4,small-cnn-6", "--out", out);
        Cli.Answer run = Cli.run("distill", options).done();
        assertThat(run.err()).containsPattern("small-cnn-6, valid: accuracy [\\d.]+ %");
        assertThat(Cli.read(out.resolve("run.json"))
                        .at("/also/small-cnn-4/valid/accuracy")
                        .asDouble(-1))
                .isBetween(0.0, 1.0);
        Cli.run("evaluate", data("64"), "--split", "valid", "--model", out.resolve("also-small-cnn-4.safetensors"))
                .done();
        assertThat(Files.readString(out.resolve("epochs.csv"))).contains("peer2_accuracy");
        // Such a folder is a run, which may be replaced.
        Cli.run("distill", options, "--overwrite").done();
        Cli.Answer twice =
                Cli.run("distill", distill("--teacher", onnx, "--also", "cifar-resnet8", "--out", home.resolve("no")));
        assertThat(twice.err())
                .contains(
                        "limbeck: students that train along need different architectures, found cifar-resnet8 twice; ");
        assertThat(home.resolve("no")).doesNotExist();
    }
}
