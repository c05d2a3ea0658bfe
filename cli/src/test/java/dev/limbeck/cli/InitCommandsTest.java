package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.recipe.Recipe;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test students that start from their teacher, on JPEG files. */
class InitCommandsTest {
    @TempDir
    static Path home;

    private static final String DATA = "--data $/photos --image-size 16 --batch-size 8 --valid-fraction 0.25 ";
    private static final String TOKENS =
            "--tokenizer ../core/src/test/resources/dev/limbeck/model/tiny-bert/vocab.txt ";
    private static final String TAUGHT = DATA + "--teacher $/teacher --arch cifar-resnet8 --epochs 1 ";

    @BeforeAll
    static void teach() throws IOException {
        Random random = new Random(3);
        for (String name : List.of("disc", "square", "stripes")) {
            Path folder = Files.createDirectories(home.resolve("photos").resolve(name));
            for (int i = 0; i < 16; i++) photo(folder.resolve("p" + i + ".jpg"), name, random);
        }
        run("train " + DATA + "--arch cifar-resnet14 --epochs 12 --lr 0.01 --out $/teacher")
                .done();
    }

    private static void photo(Path file, String shape, Random random) throws IOException {
        BufferedImage image = new BufferedImage(24, 24, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(new Color(random.nextInt(1 << 24)));
        pen.fillRect(0, 0, 24, 24);
        pen.setColor(new Color(random.nextInt(1 << 24)));
        int at = random.nextInt(6);
        switch (shape) {
            case "disc" -> pen.fillOval(at, at, 16, 16);
            case "square" -> pen.fillRect(at, at, 16, 16);
            default -> {
                for (int y = 0; y < 24; y += 4) pen.fillRect(0, y, 24, 2);
            }
        }
        pen.dispose();
        ImageIO.write(image, "jpg", file.toFile());
    }

    private static Cli.Answer run(String line) {
        return Cli.run(Cli.words(line, home));
    }

    private static double firstLoss(String more) {
        JsonNode check = run("check " + TAUGHT + more + "--json").done().json();
        return check.at("/terms/0/value").asDouble();
    }

    @Test
    void aStudentThatStartsFromItsTeacherHasALowerFirstLoss() throws IOException {
        assertThat(firstLoss("--init teacher ")).isPositive().isLessThan(0.8 * firstLoss(""));

        Cli.Answer answer =
                run("distill " + TAUGHT + "--init teacher --out $/started").done();
        String plan = "starts from cifar-resnet14 (" + home.resolve("teacher/model.safetensors")
                + "): 37 of 37 tensors copied";
        assertThat(answer.err())
                .containsSubsequence(
                        plan,
                        "blocks of cifar-resnet14 that start the student's: layer1 from 0; layer2 from 0; layer3 from 0",
                        "data: ");
        JsonNode record = Cli.read(home.resolve("started/run.json"));
        assertThat(record.at("/recipe/init/from").asText()).isEqualTo("teacher");
        JsonNode start = record.at("/training/start");
        assertThat(start.get("architecture").asText()).isEqualTo("cifar-resnet14");
        assertThat(start.get("sha256"))
                .isEqualTo(Cli.read(home.resolve("teacher/run.json")).get("model_sha256"));
        assertThat(start.get("copied").asInt()).isEqualTo(37);
        assertThat(start.at("/blocks/layer2/0").asInt()).isZero();

        // The record repeats the run.
        run("distill --out $/again " + home.resolve("started/run.json")).done();
        JsonNode again = Cli.read(home.resolve("again/run.json"));
        assertThat(again.get("repeat_sha256")).isEqualTo(record.get("repeat_sha256"));

        run("distill " + TAUGHT + "--out $/scratch").done();
        assertThat(trainLoss(record)).isLessThan(trainLoss(Cli.read(home.resolve("scratch/run.json"))));
    }

    private static double trainLoss(JsonNode record) {
        return record.at("/epochs/0/train_loss").asDouble();
    }

    /** All arms but the control start from the teacher, also the one without a teacher. */
    @Test
    void compareSaysWhatEachStudentStartsFrom() throws IOException {
        String compare = "compare " + TAUGHT + "--init teacher --seeds 1 --out $/compared";
        String out = run(compare).done().out();
        assertThat(out)
                .contains("Initial weights differ: alone, distilled start from the weights of "
                        + home.resolve("teacher") + "; distilled-random starts from random weights.")
                .containsPattern("(?m)^distilled-random one seed is not enough: ");
        Recipe alone = Recipe.read(home.resolve("compared/alone/seed-0/run.json"));
        assertThat(alone.teacher()).isNull();
        assertThat(alone.init().from()).isEqualTo(home.resolve("teacher").toString());
        JsonNode distilled = Cli.read(home.resolve("compared/distilled/seed-0/run.json"));
        JsonNode of = Cli.read(home.resolve("compared/alone/seed-0/run.json"));
        assertThat(of.at("/training/start")).isEqualTo(distilled.at("/training/start"));
        assertThat(of.at("/training/steps")).isEqualTo(distilled.at("/training/steps"));
        assertThat(run(compare).done().err()).contains("alone, seed 0: already finished");
        // The student without a teacher can be trained again by itself.
        run("train --out $/alone " + home.resolve("compared/alone/seed-0/run.json"))
                .done();
        assertThat(Cli.read(home.resolve("alone/run.json")).get("model_sha256")).isEqualTo(of.get("model_sha256"));
    }

    @Test
    void sweepChoosesBetweenStarts() {
        String out = run("sweep " + TAUGHT
                        + "--inits random,teacher --temperatures 2 --kd-weights 0.5 --confirm 0 --out $/swept")
                .done()
                .out();
        assertThat(out).contains("T2-w0.5-random ", "T2-w0.5-teacher ");
        assertThat(run("sweep " + TAUGHT + "--inits best --out $/unswept").err())
                .contains("no init 'best'");
    }

    @Test
    void tablesAndTextsStartFromTheirTeachersToo() throws IOException {
        StringBuilder table = new StringBuilder("a,b,kind\n");
        StringBuilder texts = new StringBuilder("said,mood\n");
        Random random = new Random(1);
        for (int i = 0; i < 60; i++) {
            double a = random.nextDouble();
            table.append(a).append(',').append(random.nextDouble()).append(a > 0.5 ? ",up\n" : ",down\n");
            texts.append(i % 2 == 0 ? "what a good day " : "this is bad ")
                    .append(i)
                    .append(i % 2 == 0 ? ",glad\n" : ",sad\n");
        }
        Files.writeString(home.resolve("table.csv"), table);
        Files.writeString(home.resolve("texts.csv"), texts);

        String numbers = "--data $/table.csv --label-columns kind --epochs 1 ";
        run("train " + numbers + "--arch mlp --out $/mlp").done();
        assertThat(run("distill " + numbers + "--arch mlp-32-16 --teacher $/mlp --init teacher --out $/small-mlp")
                        .done()
                        .err())
                .contains("starts from mlp (" + home.resolve("mlp/model.safetensors")
                        + "): 1 of 6 tensors copied, 5 sliced");

        String words = "--data $/texts.csv --text-column said --label-columns mood --epochs 1 ";
        run("train " + words + TOKENS + "--arch bert-L3-H32-A2 --out $/bert").done();
        assertThat(run("distill " + words + "--arch bert-L2-H16-A2 --teacher $/bert --init teacher --out $/small-bert")
                        .done()
                        .err())
                .contains("1 of 41 tensors copied, 40 sliced", "bert.encoder.layer from 0, 1");
        run("train " + words + "--arch text-cnn --buckets 64 --out $/cnn").done();
        refused(
                "distill " + words + "--arch text-cnn --buckets 128 --teacher $/cnn --init teacher --out $/no",
                "a student that starts from " + home.resolve("cnn/model.safetensors") + " must read its inputs, ");
        refused(
                "distill " + words + "--arch bert-L4-H32-A2 --teacher $/bert --init teacher --out $/no",
                "bert.encoder.layer has 4 blocks, the source's 3; choose a student of its family that is no larger (--arch), or");
    }

    @Test
    void whatCannotStartIsRefusedInOneLineBeforeAnyWork() {
        refused(
                "distill " + TAUGHT.replace("cifar-resnet8", "small-cnn-8-8") + "--init teacher --out $/no",
                "small-cnn-8-8 cannot start from the weights of cifar-resnet14 (");
        refused(
                "distill " + TAUGHT.replace("cifar-resnet8", "cifar-resnet20") + "--init teacher --out $/no",
                "): layer1 has 3 blocks, the source's 2; choose a student of its family that is no larger (--arch): cifar-resnet8"
                        + " or cifar-resnet14, or start from random weights");
        refused(
                "train " + DATA + "--arch cifar-resnet8 --init teacher --out $/no",
                "init.from (--init) is the teacher, but there is none");
        refused(
                "train " + DATA + "--arch cifar-resnet8 --init $/nothing --out $/no",
                "no model at " + home.resolve("nothing"));
        refused(
                "distill " + TAUGHT + "--init teacher --pretrained --out $/no",
                "a student starts from one set of weights, found pretrained and init; ");
        refused(
                "distill " + TAUGHT + "--teacher $/teacher --init teacher --out $/no",
                "a student starts from the weights of one model, found 2 teachers; ");
        refused(
                "distill " + TAUGHT.replace("$/teacher", "http://localhost:1/v2/models/m")
                        + "--init teacher --out $/no",
                "a student starts from the weights of one model, found a served model; ");
        run("export --model $/teacher --format onnx --out $/exported");
        refused(
                "distill " + TAUGHT.replace("$/teacher", "$/exported/model.onnx") + "--init teacher --out $/no",
                "a student starts from weights of a known architecture, found " + home.resolve("exported/model.onnx"));
        assertThat(home.resolve("no")).doesNotExist();
    }

    private static void refused(String line, String message) {
        Cli.Answer answer = run(line);
        assertThat(answer.code()).as(line).isNotZero();
        assertThat(answer.err().lines().filter(one -> one.startsWith("limbeck: ")))
                .as(line)
                .singleElement()
                .asString()
                .contains(message);
        assertThat(answer.err()).doesNotContain("data: ");
    }
}
