package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.limbeck.data.Split;
import dev.limbeck.data.image.ImageData;
import dev.limbeck.data.image.ImageFolder;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.ModuleTeacher;
import dev.limbeck.distill.teacher.Teacher;
import dev.limbeck.distill.teacher.TeacherContext;
import dev.limbeck.distill.teacher.TeacherSession;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Engine;
import dev.limbeck.tensor.Precision;
import dev.limbeck.tensor.Scope;
import dev.limbeck.tensor.Tensors;
import dev.limbeck.train.Learner;
import dev.limbeck.train.Predictions;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test distillation without labels: a backbone from a teacher's embedding, a classifier on it, its export. */
class EmbeddingCommandsTest {
    private static final Object[] STUDENT = {
        "--arch", "cifar-resnet8", "--batch-size", "16", "--lr", "0.01", "--image-size", "32", "--epochs", "6"
    };

    @TempDir
    static Path home;

    private static Path labeled;
    private static Path few;
    private static Path plain;
    private static Path teacher;
    private static Path backbone;
    private static Cli.Answer logged;

    /** Draw squares of two colors on two sides: four classes. */
    @BeforeAll
    static void train() throws IOException {
        labeled = home.resolve("labeled");
        few = home.resolve("few");
        plain = home.resolve("plain");
        Random random = new Random(3);
        for (int i = 0; i < 480; i++) {
            boolean red = random.nextBoolean();
            boolean left = random.nextBoolean();
            String name = (red ? "red" : "blue") + (left ? "-left" : "-right");
            Path folder = i < 160
                    ? labeled.resolve("train/" + name)
                    : i < 208 ? few.resolve("train/" + name) : i < 288 ? few.resolve("valid/" + name) : plain;
            draw(random, red, left, folder.resolve("p" + i + ".png"));
        }
        teacher = home.resolve("teacher");
        Cli.run("train", "--data", labeled, STUDENT, "--out", teacher).done();
        backbone = home.resolve("backbone");
        logged = Cli.run(
                        "distill",
                        "--data",
                        plain,
                        "--task",
                        "embedding",
                        "--teacher",
                        teacher,
                        STUDENT,
                        "--out",
                        backbone)
                .done();
    }

    private static void draw(Random random, boolean red, boolean left, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(red ? Color.RED : Color.BLUE);
        pen.fillRect(left ? 2 : 18, random.nextInt(20), 3 + random.nextInt(10), 3 + random.nextInt(10));
        pen.dispose();
        ImageIO.write(image, "png", file.toFile());
    }

    private static Object[] once() {
        Object[] all = STUDENT.clone();
        all[all.length - 1] = "1";
        return all;
    }

    @Test
    void aBackboneLearnsFromPlainImages() throws IOException {
        assertThat(logged.err())
                .contains("192 images, labels not used")
                .contains("64 numbers of an embedding (linear:input)")
                .contains("a queue of 32 of the teacher's embeddings");
        List<Double> cosines =
                Cli.read(backbone.resolve("run.json")).at("/epochs").findValues("teacher_cosine").stream()
                        .map(value -> value.asDouble())
                        .toList();
        assertThat(cosines).hasSize(6);
        assertThat(cosines.get(5)).isGreaterThan(cosines.get(0)).isGreaterThan(0.8);
        // The projection and the queue are not part of the student.
        try (SavedModel saved = SavedModel.open(backbone, null)) {
            assertThat(saved.architecture()).isEqualTo("cifar-resnet8+embedding");
            assertThat(saved.classes()).isEqualTo(64);
            assertThat(saved.module().parameters().keySet()).noneMatch(name -> name.startsWith("linear"));
        }
    }

    @Test
    void aProbeOfItIsFarBetterThanOneOfARandomBackbone() {
        double ours = probed(backbone);
        try (ImageData data = ImageData.builder(ImageFolder.of(plain))
                        .withoutLabels()
                        .imageSize(32)
                        .build();
                Learner untrained =
                        Learner.builder(data, Zoo.CIFAR_RESNET8).seed(0).build()) {
            untrained.save(home.resolve("random.safetensors"));
        }
        double chance = probed(home.resolve("random.safetensors"));
        assertThat(ours).isGreaterThan(0.9).isGreaterThan(chance);
    }

    private static double probed(Path weights) {
        Path out = home.resolve("probe-of-" + weights.getFileName());
        Cli.run(
                        "train",
                        "--data",
                        few,
                        "--weights",
                        weights,
                        "--probe",
                        "--arch",
                        "cifar-resnet8",
                        "--image-size",
                        "32",
                        "--batch-size",
                        "16",
                        "--lr",
                        "0.05",
                        "--epochs",
                        "10",
                        "--out",
                        out)
                .done();
        // Nothing below the classifier has changed, also no statistics of batch norms; only their counters are not
        // read.
        try (SavedModel before = SavedModel.open(weights, null);
                SavedModel after = SavedModel.open(out, null);
                StateDict old = before.module().stateDict();
                StateDict kept = after.module().stateDict();
                Scope scope = Scope.open()) {
            for (String name : old.names()) {
                if (name.endsWith("num_batches_tracked")) continue;
                assertThat(Tensors.toFloats(kept.get(name))).as(name).containsExactly(Tensors.toFloats(old.get(name)));
            }
        }
        return Cli.read(out.resolve("run.json")).at("/results/valid/accuracy").asDouble();
    }

    @Test
    void anExportedBackboneHasItsNamesAndIsATeacher() throws IOException {
        Path dist = home.resolve("dist");
        Cli.Answer exported = Cli.run(
                        "export", "--model", backbone, "--format", "onnx,torchscript,safetensors", "--out", dist)
                .done();
        assertThat(exported.out()).contains("cosine 100.00 %");
        assertThat(dist.resolve("MODEL_CARD.md")).content().contains("64 numbers of an embedding", "gives embedding");
        try (Module whole = Zoo.CIFAR_RESNET8.create(10);
                StateDict all = whole.stateDict();
                StateDict written = Safetensors.read(dist.resolve("model.safetensors"));
                SavedModel saved = SavedModel.open(backbone, null);
                StateDict own = saved.module().stateDict()) {
            assertThat(written.names())
                    .containsExactlyInAnyOrderElementsOf(all.names().stream()
                            .filter(name -> !name.startsWith("linear."))
                            .toList());
            assertThat(written.sha256()).isEqualTo(own.sha256());
        }

        assertThat(Cli.run(
                                "prune",
                                backbone,
                                "--macs",
                                0.5,
                                "--criterion",
                                "taylor",
                                "--out",
                                home.resolve("p.safetensors"))
                        .err())
                .contains("the criterion taylor needs a loss on labels, and ", " returns embeddings; take l1 or bn");

        // The embedding of a file is the one of the model, so a student may learn from it, and it is cached.
        Object[] again = {"--data", plain, "--task", "embedding", "--teacher", dist.resolve("model.onnx"), once()};
        Object[] cached = {"--cache-teacher", home.resolve("cache"), "--loss", "cosine:embedding"};
        assertThat(Cli.run("distill", again, cached, "--out", home.resolve("first"))
                        .done()
                        .err())
                .contains("caching outputs")
                .contains("192 rows of 64 numbers");
        assertThat(Cli.run("distill", again, cached, "--out", home.resolve("second"))
                        .done()
                        .err())
                .contains("cached outputs in");
    }

    @Test
    void theBackboneOfAClassifierGivesWhatItsClassifierGets() throws IOException {
        Path dist = home.resolve("backbone-of-teacher");
        Cli.run("export", "--model", teacher, "--embedding", "--format", "onnx,safetensors", "--out", dist)
                .done();
        assertThat(dist.resolve("MODEL_CARD.md"))
                .content()
                .contains(
                        "export --format onnx,safetensors --embedding\n",
                        "Of the whole network, with the classifier that is not in these files.",
                        "| valid | ");
        Path others = home.resolve("backbone-on-others");
        Cli.run("export", "--model", teacher, "--embedding", "--data", plain, "--out", others)
                .done();
        assertThat(others.resolve("MODEL_CARD.md"))
                .content()
                .contains("export --format onnx --embedding --data DATA\n", "DATA is folder ");
        try (ImageData data = ImageData.builder(ImageFolder.of(plain))
                        .withoutLabels()
                        .imageSize(32)
                        .build();
                SavedModel whole = SavedModel.open(teacher, null);
                SavedModel bare = SavedModel.open(dist.resolve("model.safetensors"), null);
                FileTeacher file = FileTeacher.open(dist.resolve("model.onnx"))) {
            Predictions inside = outputs(ModuleTeacher.of(whole), data);
            assertThat(inside.width()).isEqualTo(64);
            assertThat(outputs(ModuleTeacher.of(bare), data).outputs())
                    .containsExactly(inside.outputs(), within(1e-4f));
            assertThat(outputs(file, data).outputs()).containsExactly(inside.outputs(), within(1e-4f));
        }
    }

    private static Predictions outputs(Teacher teacher, ImageData data) {
        TeacherContext context = new TeacherContext(data, Engine.device("cpu"), Precision.FP32, null);
        try (TeacherSession session = teacher.embedding(null).open(context)) {
            return session.predict(data, Split.VALID);
        }
    }

    @Test
    void compareJudgesClassifiersThatStartFromIt() throws IOException {
        String common = """
                data: {source: %s, image_size: 32, batch_size: 16}
                student: cifar-resnet8
                training: {epochs: 2, lr: 0.01}
                """.formatted(few);
        Path alone = Files.writeString(home.resolve("from-scratch.yaml"), common);
        Path free = Files.writeString(
                home.resolve("label-free.yaml"),
                common + "pretrained: {weights: %s, head: linear, frozen_epochs: 0}\n".formatted(backbone));
        Cli.Answer judged = Cli.run("compare", alone, free, "--seeds", "2", "--out", home.resolve("compared"))
                .done();
        assertThat(judged.out()).contains("from-scratch", "label-free");
        assertThat(Cli.read(home.resolve("compared/comparison.json")).get("variants"))
                .hasSize(2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "train --data PLAIN --arch cifar-resnet8                                 | expected at least 2 classes",
                "train --data PLAIN --task embedding --arch cifar-resnet8                | learns from a teacher, found none",
                "distill --data PLAIN --task embedding --labels x.csv --teacher RUN      | uses no labels, found labels",
                "distill --data PLAIN --task embedding --teacher RUN --teacher RUN       | shows no embedding",
                "distill --data PLAIN --task embedding --teacher RUN --loss soft-target  | does not fit an embedding",
                "distill --data PLAIN --task embedding --teacher RUN --keep best         | needs a validation split with labels",
                "distill --data PLAIN --task embedding --teacher RUN --match-classes     | no classes to match",
                "distill --data PLAIN --task embedding --teacher FILE                    | returns logits, expected an embedding",
                "compare --data PLAIN --task embedding --teacher RUN                     | compare judges by labels",
                "train --data FEW --arch cifar-resnet8+embedding                         | has no classifier",
                "export --model BACKBONE --embedding                                     | returns embeddings already",
            })
    void whatCannotWorkIsSaidInOneLine(String command, String expected) throws IOException {
        Path file = home.resolve("classifier/model.onnx");
        if (command.contains("FILE") && !Files.exists(file)) {
            Cli.run("export", "--model", teacher, "--no-verify", "--out", file.getParent())
                    .done();
        }
        List<Object> words = new ArrayList<>();
        for (String word : command.split(" ")) {
            words.add(
                    switch (word) {
                        case "PLAIN" -> plain;
                        case "FEW" -> few;
                        case "RUN" -> teacher;
                        case "FILE" -> file;
                        case "BACKBONE" -> backbone;
                        default -> word;
                    });
        }
        if (words.get(0).equals("distill") || words.get(0).equals("compare")) words.addAll(List.of(STUDENT));
        Path out = home.resolve("refused");
        Cli.Answer answer = Cli.run(words.toArray(), "--out", out);
        assertThat(answer.code()).isNotZero();
        assertThat(answer.err().strip().lines().toList())
                .last(InstanceOfAssertFactories.STRING)
                .contains(expected);
        assertThat(out.resolve("run.json")).doesNotExist();
    }

    @Test
    void anotherLayerIsNamedInARecipe() throws IOException {
        String recipe = """
                data: {source: %s, image_size: 32, task: %s}
                teacher: {model: %s, embedding: %s}
                student: cifar-resnet8
                training: {epochs: 1}
                """;
        Path file = home.resolve("layer.yaml");
        Files.writeString(file, recipe.formatted(plain, "embedding", teacher, "layer2"));
        assertThat(Cli.run("distill", file, "--out", home.resolve("of-layer2"))
                        .done()
                        .err())
                .contains("pair embedding: 64 → 32 by EmbeddingQueue through linear")
                .contains("32 numbers of an embedding (layer2)");
        Files.writeString(file, (recipe + """
                distillation:
                  losses: [{name: fitnet, layers: [embedding], adapter: linear}, {name: patch-affinity, layers: [layer3]}]
                """).formatted(plain, "embedding", teacher, "linear:input"));
        assertThat(Cli.run("distill", file, "--out", home.resolve("of-maps"))
                        .done()
                        .err())
                .contains(
                        "pair embedding: 64 → 64 by FitNet through linear",
                        "pair layer3: 64×8×8 → 64×8×8 by PatchAffinity");
        Files.writeString(file, recipe.formatted(plain, "embedding", teacher, "layer33"));
        assertThat(Cli.run("distill", file, "--out", home.resolve("refused")).err())
                .contains("layer3")
                .hasLineCount(1);
        Files.writeString(file, recipe.formatted(few, "single-label", teacher, "layer2"));
        assertThat(Cli.run("distill", file, "--out", home.resolve("refused")).err())
                .contains("set the task to embedding")
                .hasLineCount(1);
    }

    @Test
    void labelsDoNotJudgeIt() {
        assertThat(Cli.run("evaluate", "--data", few, "--split", "valid", "--model", backbone)
                        .err())
                .contains("returns embeddings")
                .contains("--probe")
                .hasLineCount(1);
        assertThat(Cli.run("predict", "--model", backbone, plain).err()).contains("returns embeddings");
    }
}
