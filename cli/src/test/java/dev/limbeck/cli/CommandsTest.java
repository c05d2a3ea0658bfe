package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.image.ImageFormat;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.Module;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.zoo.Zoo;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Test the commands in the order in which a user runs them, as text and as JSON. */
class CommandsTest {
    private static final String DATA = "shapes:100:100:1000";
    private static final String[] SHAPES = {
        "--data", DATA, "--max-train-samples", "60", "--epochs", "1", "--arch", "cifar-resnet8", "--batch-size", "20"
    };
    private static final String SHA256 = "[0-9a-f]{64}";

    @TempDir
    static Path home;

    private static Path teacher;
    private static Path student;
    private static Path image;
    private static Cli.Answer trained;
    private static JsonNode distilled;

    @BeforeAll
    static void trainAndDistil() throws IOException {
        teacher = home.resolve("teacher");
        student = home.resolve("student");
        image = Cli.pictures(home.resolve("pictures"), "cat").resolve("cat/p4.png");
        trained = Cli.run("train", SHAPES, "--seed", "7", "--out", teacher).done();
        distilled = Cli.run(
                        "distill",
                        SHAPES,
                        "--seed",
                        "7",
                        "--teacher",
                        teacher,
                        "-T",
                        "4",
                        "--kd-weight",
                        "0.9",
                        "--out",
                        student,
                        "--json")
                .done()
                .json();
    }

    @Test
    void trainPrintsTheTableAsideAndTheResult() {
        assertThat(trained.err().lines().toList())
                .satisfiesExactly(
                        images -> assertThat(images)
                                .matches(
                                        "data: [\\d,]+ images, 10 classes, 60 train / 100 valid / 1,000 test, shown at "
                                                + "32×32"),
                        head -> assertThat(head.strip().split(" +"))
                                .containsExactly(
                                        "epoch",
                                        "train_loss",
                                        "valid_loss",
                                        "accuracy",
                                        "top5",
                                        "macro_f1",
                                        "time",
                                        "left"),
                        row -> assertThat(row).matches(" +0( +\\d+\\.\\d{6}){5} +\\d\\d:\\d\\d +00:00"));
        assertThat(trained.out().lines().toList())
                .satisfiesExactly(
                        valid -> assertThat(valid).matches("valid: accuracy \\d+\\.\\d\\d %, top5 .* %, macro_f1 .* %"),
                        test -> assertThat(test).startsWith("test: accuracy "),
                        written -> assertThat(written).isEqualTo("written to " + teacher));
        assertThat(teacher.toFile().list()).containsExactlyInAnyOrder("run.json", "model.safetensors", "epochs.csv");
    }

    @Test
    void distilsByFeaturesWithSchedules() throws IOException {
        Path out = home.resolve("by-features");
        Cli.Answer answer = Cli.run(
                        "distill",
                        SHAPES,
                        "--teacher",
                        teacher,
                        "--loss",
                        "soft-target:T=linear:8..2",
                        "--loss",
                        "attention:layer2+layer3,scale=100",
                        "--loss",
                        "fitnet:auto,adapter=conv1x1",
                        "--schedule",
                        "kd-weight=cosine:0.9..0.1",
                        "--schedule",
                        "constant",
                        "--adapter-epochs",
                        "0",
                        "--gradient-stats-every",
                        "2",
                        "--out",
                        out)
                .done();
        assertThat(answer.err())
                .contains("pair layer3: 64×8×8 → 64×8×8 by AttentionTransfer" + System.lineSeparator())
                .contains("pair layer1: 16×32×32 → 16×32×32 by FitNet through conv1x1, 272 parameters");
        JsonNode record = Cli.read(out.resolve("run.json"));
        assertThat(record.at("/distillation/losses").fieldNames())
                .toIterable()
                .containsExactly(
                        "SoftTarget",
                        "AttentionTransfer(layer2)",
                        "AttentionTransfer(layer3)",
                        "FitNet(layer1)",
                        "FitNet(layer2)",
                        "FitNet(layer3)");
        assertThat(record.at("/distillation/losses/SoftTarget/temperature").asText())
                .isEqualTo("linear:8.0..2.0");
        assertThat(record.at("/distillation/gradient_stats")).hasSize(2 * 7);
        assertThat(record.at("/recipe/distillation/kd_weight").asText()).isEqualTo("cosine:0.9..0.1");
        assertThat(record.at("/recipe/training/schedule").asText()).isEqualTo("constant");
        try (StateDict saved = Safetensors.read(out.resolve("model.safetensors"));
                Module network = Zoo.CIFAR_RESNET8.create(10);
                StateDict bare = network.stateDict()) {
            assertThat(saved.names()).as("nothing of adapters").containsExactlyInAnyOrderElementsOf(bare.names());
        }
    }

    @Test
    void aTeacherOfMoreClassesTeachesByName() throws IOException {
        Path three = Cli.pictures(home.resolve("three"), "ant", "bee", "cow");
        Path two = Cli.pictures(home.resolve("two-of-three"), "cow", "ant");
        Path knows = home.resolve("knows-three");
        Cli.run("train", "--data", three, Cli.TINY, "--image-size", "16", "--out", knows)
                .done();
        Object[] distill = {"distill", "--data", two, Cli.TINY, "--teacher", knows, "--out", home.resolve("two-student")
        };
        assertThat(Cli.run(distill).err())
                .contains("has 3 classes, the data has 2; use a teacher of the same classes, or match them by name");
        Cli.run(distill, "--match-classes").done();
        Object[] compare = {"compare", "--data", two, Cli.TINY, "--teacher", knows, "--seeds", "1"};
        assertThat(Cli.run(compare, "--out", home.resolve("c1")).err())
                .contains("or match them by name (--match-classes)");
        Cli.run(compare, "--out", home.resolve("c2"), "--match-classes").done();
    }

    @Test
    void listsTheLosses() {
        JsonNode losses = Cli.run("losses", "--json").done().json();
        assertThat(losses).hasSize(38);
        assertThat(Cli.run("losses").done().out()).contains("attention", "power=2", "soft-target", "T=3");
    }

    @Test
    void listsTheLayersOfAnArchitectureOrOfAModel() {
        assertThat(Cli.run("layers", "resnet18").done().out().lines())
                .hasSizeGreaterThan(60)
                .anyMatch(line -> line.startsWith("layer4.1.bn2 "))
                .last()
                .asString()
                .startsWith("11,181,642 parameters");
        assertThat(Cli.run("layers", student).done().out()).contains("layer3.0.bn2");
    }

    @Test
    void theRecordHoldsAllThatRepeatsTheRun() throws IOException {
        assertThat(Cli.read(student.resolve("run.json"))).isEqualTo(distilled);
        assertThat(distilled.fieldNames())
                .toIterable()
                .containsExactly(
                        "limbeck",
                        "started",
                        "finished",
                        "recipe",
                        "engine",
                        "data",
                        "training",
                        "distillation",
                        "epochs",
                        "results",
                        "model_sha256",
                        "repeat_sha256");
        assertThat(distilled.at("/engine").fieldNames())
                .toIterable()
                .containsExactly("libtorch", "java", "system", "processor", "cpu_capability", "threads");
        JsonNode data = distilled.get("data");
        assertThat(data.get("fingerprint").asText()).matches(SHA256);
        assertThat(data.at("/sizes").toString()).isEqualTo("{\"train\":60,\"valid\":100,\"test\":1000}");
        assertThat(data.get("max_train_samples").asInt()).isEqualTo(60);
        assertThat(data.get("batch_size").asInt()).isEqualTo(20);
        assertThat(data.get("seed").asLong()).isEqualTo(7);
        JsonNode training = distilled.get("training");
        assertThat(training.get("architecture").asText()).isEqualTo("cifar-resnet8");
        assertThat(training.get("parameters").asLong()).isEqualTo(75_290);
        assertThat(training.get("seed").asLong()).isEqualTo(7);
        assertThat(distilled.at("/recipe/training/lr").asDouble()).isEqualTo(1e-3);
        assertThat(training.get("optimizer").asText()).startsWith("AdamW[");
        assertThat(training.fieldNames())
                .toIterable()
                .containsExactly(
                        "architecture", "parameters", "seed", "optimizer", "device", "precision", "steps", "stopped");
    }

    @Test
    void theRecordsRecipeRepeatsTheRun() throws IOException {
        Path recipe = Files.writeString(
                home.resolve("again.yaml"), distilled.get("recipe").toString());
        JsonNode again = Cli.run("distill", recipe, "--out", home.resolve("by-recipe"), "--json")
                .done()
                .json();
        assertThat(again.get("model_sha256")).isEqualTo(distilled.get("model_sha256"));
        assertThat(again.get("recipe")).isEqualTo(distilled.get("recipe"));
    }

    @Test
    void theRecordHoldsTheDistillation() throws IOException {
        JsonNode distillation = distilled.get("distillation");
        assertThat(distillation.get("kd_weight").asDouble()).isEqualTo(0.9);
        assertThat(distillation.get("task_weight").asDouble()).isCloseTo(0.1, within(1e-12));
        assertThat(distillation.at("/losses/SoftTarget/loss").asText()).isEqualTo("SoftTarget[temperature=4.0]");
        assertThat(distillation.get("teacher_sha256"))
                .isEqualTo(Cli.read(teacher.resolve("run.json")).get("model_sha256"));
        assertThat(distilled.get("epochs")).hasSize(1);
        JsonNode row = distilled.at("/epochs/0");
        assertThat(row.at("/terms/task").isNumber()).isTrue();
        double total = 0.1 * row.at("/terms/task").asDouble()
                + 0.9 * row.at("/terms/SoftTarget").asDouble();
        assertThat(row.get("train_loss").asDouble()).isCloseTo(total, within(1e-4));
        assertThat(row.at("/notes/teacher_agreement").asDouble()).isBetween(0.0, 1.0);
        assertThat(row.at("/notes/valid_SoftTarget").isNumber()).isTrue();
        assertThat(row.get("steps").asInt()).isEqualTo(3);
        for (String positive : List.of("lr", "seconds", "train_rows_per_second")) {
            assertThat(row.get(positive).asDouble()).as(positive).isPositive();
        }
        assertThat(distilled.at("/results/test/rows").asInt()).isEqualTo(1000);
        assertThat(distilled.at("/results/valid/accuracy").asDouble())
                .isEqualTo(row.at("/metrics/accuracy").asDouble());
    }

    @Test
    void theModelFileRebuildsTheModel() throws IOException {
        try (SavedModel saved = SavedModel.open(student, null)) {
            assertThat(saved.architecture()).isEqualTo(Zoo.CIFAR_RESNET8.name());
            assertThat(saved.classNames()).hasSize(10).startsWith("circle");
            assertThat(saved.preprocessing())
                    .containsEntry("image_size", "32x32")
                    .containsKeys("resize", "mean", "std");
            assertThat(saved.sha256())
                    .isEqualTo(distilled.get("model_sha256").asText())
                    .matches(SHA256);
        }
    }

    @Test
    void theSameSeedGivesTheSameModel() throws IOException {
        Path again = home.resolve("again");
        Path other = home.resolve("other");
        JsonNode same = Cli.run("train", SHAPES, "--seed", "7", "--out", again, "--json")
                .done()
                .json();
        JsonNode different = Cli.run("train", SHAPES, "--seed", "8", "--out", other, "--json")
                .done()
                .json();
        JsonNode first = Cli.read(teacher.resolve("run.json"));
        assertThat(same.get("model_sha256")).isEqualTo(first.get("model_sha256"));
        assertThat(different.get("model_sha256")).isNotEqualTo(first.get("model_sha256"));
    }

    @Test
    void evaluateAgreesWithTheRecord() throws IOException {
        Cli.Answer text =
                Cli.run("evaluate", "--model", student, "--data", DATA).done();
        assertThat(text.out())
                .startsWith("cifar-resnet8 on 1,000 rows (test): accuracy ")
                .contains(", loss ");
        Path summary = Files.writeString(home.resolve("summary.md"), "before\n");
        Cli.Answer refused = Cli.run(
                "evaluate",
                "--model",
                student,
                "--data",
                DATA,
                "--json",
                "--fail-below",
                "accuracy=1",
                "--fail-above",
                "loss=-1",
                "--junit",
                home.resolve("gates/junit.xml"),
                "--summary",
                summary);
        assertThat(refused.code()).isEqualTo(3);
        assertThat(refused.json().get("accuracy").isNumber()).isTrue();
        assertThat(refused.err().lines().filter(line -> line.startsWith("limbeck: ")))
                .hasSize(2)
                .anyMatch(line -> line.startsWith("limbeck: accuracy must be at least 1.0, found "));
        assertThat(home.resolve("gates/junit.xml"))
                .content()
                .contains("tests=\"2\" failures=\"2\"", "name=\"loss &lt;= -1.0\"");
        assertThat(summary)
                .content()
                .startsWith("before\n### limbeck evaluate: 2 of 2 gates failed\n")
                .contains("**failed**: accuracy must be at least 1");
        Cli.run(
                        "evaluate",
                        "--model",
                        student,
                        "--data",
                        DATA,
                        "--fail-below",
                        "accuracy=0",
                        "--fail-above",
                        "loss=1e9")
                .done();
        Cli.Answer unknown = Cli.run("evaluate", "--model", student, "--data", DATA, "--fail-below", "acuracy=0.9");
        assertThat(unknown.code()).isEqualTo(1);
        assertThat(unknown.err()).contains("'acuracy'").contains("accuracy");
        JsonNode json = Cli.run("evaluate", "--model", student, "--data", DATA, "--json")
                .done()
                .json();
        assertThat(json.get("accuracy")).isEqualTo(distilled.at("/results/test/accuracy"));
        assertThat(json.get("model_sha256")).isEqualTo(distilled.get("model_sha256"));
        assertThat(json.get("rows").asInt()).isEqualTo(1000);
    }

    @Test
    void evaluateJudgesTheRunsOwnValidationImages() throws IOException {
        Path folder = Cli.pictures(home.resolve("zoo"), "cat", "dog", "fish");
        Path run = home.resolve("own-split");
        JsonNode made = Cli.run(
                        "train",
                        "--data",
                        folder,
                        Cli.TINY,
                        "--seed",
                        "5",
                        "--valid-fraction",
                        "0.3",
                        "--out",
                        run,
                        "--json")
                .done()
                .json();
        JsonNode judged = Cli.run("evaluate", "--data", folder, "--model", run, "--split", "valid", "--json")
                .done()
                .json();
        assertThat(judged.get("loss").asDouble())
                .isCloseTo(made.at("/results/valid/loss").asDouble(), within(1e-5));
        assertThat(judged.get("rows")).isEqualTo(made.at("/results/valid/rows"));
        assertThat(made.at("/data/image_size").toString())
                .as("the architecture's")
                .isEqualTo("[32,32]");
    }

    @Test
    void aModelWithoutPreparationTakesItsArchitectures() throws IOException {
        Path bare = home.resolve("bare.safetensors");
        Cli.withoutMetadata(teacher.resolve("model.safetensors"), bare);
        Cli.Answer answer = Cli.run("predict", "--model", bare, "--arch", "cifar-resnet8", image)
                .done();
        assertThat(answer.out()).contains("p4.png: class ");
        assertThat(answer.err()).contains("does not contain its preprocessing; using 32×32");
    }

    @Test
    void aReaderThatStopsReadingIsNoError() {
        PrintStream pipe = new PrintStream(
                new PipeOutput(new OutputStream() {
                    @Override
                    public void write(int b) throws IOException {
                        throw new IOException("Broken pipe");
                    }
                }),
                true);
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(Main.run(pipe, new PrintStream(err), false, "explain", "--help"))
                .isZero();
        assertThat(Main.run(pipe, new PrintStream(err), false, "explain", "--logits", "1,2", "--json"))
                .isZero();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void aResultThatCannotBeWrittenIsNoSuccess() {
        PrintStream full = new PrintStream(new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("No space left on device");
            }
        });
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(full, new PrintStream(err), false, "explain", "--logits", "1,2", "--json");
        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).startsWith("limbeck: the result could not all be written");
    }

    @Test
    void predictNamesTheBestClasses() {
        Cli.Answer text = Cli.run("predict", "--model", teacher, image, image).done();
        assertThat(text.out().lines()).hasSize(2).allMatch(line -> line.matches(".*p4\\.png: .* %, .* %, .* %"));
        JsonNode json = Cli.run("predict", "--model", teacher, "--top", "2", image, "--json")
                .done()
                .json();
        assertThat(json).hasSize(1);
        assertThat(json.at("/0/image").asText()).isEqualTo(image.toString());
        assertThat(json.at("/0/probabilities")).hasSize(2);
    }

    @Test
    void predictReadsFoldersAndABadImageDoesNotStopTheOthers() throws IOException {
        Path folder = Cli.pictures(home.resolve("many"), "b", "a");
        Files.writeString(folder.resolve("a/p3.png"), "no picture");
        Files.writeString(folder.resolve("a/empty.jpg"), "");
        Files.writeString(folder.resolve("notes.txt"), "no picture");
        Cli.Answer text = Cli.run("predict", "--model", teacher, folder, image);
        assertThat(text.code()).isEqualTo(4);
        List<String> lines = text.out().lines().toList();
        assertThat(lines).hasSize(20).first().asString().startsWith(folder.resolve("a/p0.png") + ": ");
        assertThat(lines.get(8)).startsWith(folder.resolve("a/p9.png") + ": ");
        assertThat(lines.get(9)).startsWith(folder.resolve("b/p0.png") + ": ");
        assertThat(lines.get(19)).startsWith(image + ": ");
        assertThat(text.err().lines())
                .containsExactly(
                        "files left out that are not images: 1 .txt",
                        "limbeck: cannot read image " + folder.resolve("a/p3.png")
                                + ": not an image of a known format (" + ImageFormat.READ + ")",
                        "limbeck: cannot read image " + folder.resolve("a/empty.jpg") + ": an empty file",
                        "limbeck: 2 of 22 images could not be read; the others are answered (exit code 4)");

        Cli.Answer answer = Cli.run("predict", "--model", teacher, folder, "--top", "1", "--json-lines");
        assertThat(answer.code()).isEqualTo(4);
        List<JsonNode> objects = answer.out()
                .lines()
                .map(line -> new Cli.Answer(0, line, "").json())
                .toList();
        assertThat(objects).hasSize(21);
        assertThat(objects.get(0).at("/image").asText()).endsWith("a/p0.png");
        assertThat(objects.get(0).at("/probabilities")).hasSize(1);
        assertThat(objects.get(3).at("/error").asText()).startsWith("cannot read image ");
        JsonNode document = Cli.run("predict", "--model", teacher, folder, "--top", "1", "--json")
                .json();
        assertThat(document).hasSize(21).containsExactlyElementsOf(objects);

        Cli.Answer none =
                Cli.run("predict", "--model", teacher, folder.resolve("a/p3.png"), folder.resolve("a/empty.jpg"));
        assertThat(none.code()).isEqualTo(1);
        assertThat(none.err().lines()).hasSize(3).last().isEqualTo("limbeck: none of the 2 images could be read");
    }

    @Test
    void explainSoftensLogits() {
        JsonNode json = Cli.run("explain", "--logits", "1,2,3", "--labels", "a,b,c", "-T", "1,2", "--json")
                .done()
                .json();
        assertThat(json).hasSize(2);
        assertThat(json.at("/0/temperature").asDouble()).isEqualTo(1);
        double one = Math.exp(-2) / (Math.exp(-2) + Math.exp(-1) + 1);
        double two = Math.exp(-1) / (Math.exp(-1) + Math.exp(-0.5) + 1);
        assertThat(json.at("/0/probabilities/a").asDouble()).isCloseTo(one, within(1e-12));
        assertThat(json.at("/1/probabilities/a").asDouble()).isCloseTo(two, within(1e-12));
        Cli.Answer text = Cli.run("explain", "--logits", "1,2,3").done();
        assertThat(text.out()).contains("T = 1\n  class 0  0.0900  ████\n").contains("T = 20\n");
        assertThat(Cli.run("explain", "--model", teacher, image).done().out().lines())
                .hasSize(4 * 11);
    }

    @Test
    void summaryListsLayers() {
        Cli.Answer text = Cli.run("summary", "--model", teacher).done();
        assertThat(text.out())
                .contains("layer1.0.conv1", "1×16×32×32")
                .endsWith("75,290 parameters, 75,290 trainable, 12,239,488 MACs\n");
        JsonNode json = Cli.run("summary", "--arch", "cifar-resnet8", "--classes", "3", "--json")
                .done()
                .json();
        assertThat(json.get("parameters").asLong()).isEqualTo(75_290 - 7 * 65);
        assertThat(json.at("/rows/0/output").toString()).isEqualTo("[1,3]");
    }

    @Test
    void doctorTellsWhatItFound() {
        assertThat(Cli.run("doctor").done().out()).contains("limbeck ", "libtorch ", "threads ", "cache ");
        JsonNode json = Cli.run("doctor", "--json").done().json();
        assertThat(json.fieldNames())
                .toIterable()
                .contains(
                        "limbeck",
                        "libtorch",
                        "java",
                        "system",
                        "threads",
                        "cores",
                        "cuda_devices",
                        "device_auto",
                        "cache",
                        "missing");
        assertThat(json.get("missing").isArray()).isTrue();
        assertThat(DoctorCommand.limits(Map.of("OPENBLAS_CORETYPE", "Haswell", "OMP_NUM_THREADS", "2")))
                .singleElement()
                .asString()
                .startsWith("OPENBLAS_CORETYPE=Haswell in the environment limits");
    }

    @Test
    void aGermanMachineWritesTheSameNumbers() {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.GERMANY);
            Path out = home.resolve("german");
            Cli.Answer german =
                    Cli.run("train", SHAPES, "--seed", "7", "--out", out).done();
            assertThat(german.out().lines().limit(2))
                    .isEqualTo(trained.out().lines().limit(2).toList());
            assertThat(columns(german)).isEqualTo(columns(trained));
            assertThat(Cli.run("summary", "--model", out).done().out()).contains("75,290 parameters");
            assertThat(Cli.run("evaluate", "--model", out, "--data", DATA)
                            .done()
                            .out())
                    .contains("1,000 rows");
            assertThat(Cli.run("explain", "--logits", "1.5,2").done().out()).contains("0.3775");
        } finally {
            Locale.setDefault(before);
        }
    }

    /** Return the epoch table without times. */
    private static List<String> columns(Cli.Answer answer) {
        return answer.err()
                .lines()
                .map(line -> line.replaceFirst(" +\\S+ +\\S+$", ""))
                .toList();
    }

    @Test
    void aRunWithoutValidationHasNullInItsRecord() throws IOException {
        Path pictures = Cli.pictures(home.resolve("pair"), "cat", "dog");
        JsonNode json = Cli.run(
                        "train",
                        "--data",
                        pictures,
                        Cli.TINY,
                        "--valid-fraction",
                        "0",
                        "--out",
                        home.resolve("blind"),
                        "--json")
                .done()
                .json();
        assertThat(json.at("/epochs/0/valid_loss").isNull()).isTrue();
        assertThat(json.get("results")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "demo | --quick --seed --device --threads --json",
                "train | --data --arch --epochs --lr --schedule --optimizer --seed --out --overwrite --mean --std --json",
                "distill | --teacher --teacher-arch --kd-weight --temperature --loss --data --arch --out --json",
                "evaluate | --model --arch --split --data --json",
                "predict | --model --task --top --json-lines INPUT --json",
                "explain | --logits --labels --model --temperature INPUT --json",
                "summary | --arch --model --classes --image-size --json",
                "report | RUN --out --json",
                "watch | RUN --port --json",
                "doctor | --json",
            })
    void helpNamesTheOptions(String command, String options) {
        Cli.Answer help = Cli.run(command, "--help").done();
        assertThat(help.out()).startsWith("Usage: limbeck " + command).contains(options.split(" "));
        assertThat(help.err()).isEmpty();
        assertThat(Cli.run("help", command).done().out()).isEqualTo(help.out());
        assertThat(Cli.run("--help").done().out()).containsPattern("  " + command + "[ ,]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--version", "-V"})
    void tellsItsVersion(String option) {
        assertThat(Cli.run(option).done().out()).matches("limbeck \\d+\\.\\d+\\.\\d+\\R");
    }

    @Test
    void writesACompletionScript() {
        assertThat(Cli.run("generate-completion").done().out()).contains("#!/usr/bin/env bash", "distill", "--teacher");
    }

    @Test
    void fineTunesTheBodyOfAnotherModel() throws IOException {
        Path out = home.resolve("fine-tuned");
        Cli.run("train", SHAPES, "--weights", teacher, "--frozen-epochs", "2", "--out", out)
                .done();
        JsonNode record = Cli.read(out.resolve("run.json"));
        assertThat(record.at("/training/architecture").asText()).isEqualTo("cifar-resnet8+concat");
        assertThat(record.get("epochs"))
                .hasSize(2 + record.at("/recipe/training/epochs").asInt());
        assertThat(record.at("/recipe/pretrained/frozen_epochs").asInt()).isEqualTo(2);
        JsonNode judged = Cli.run(
                        "evaluate", "--data", record.at("/recipe/data/source").asText(), "--model", out, "--json")
                .done()
                .json();
        assertThat(judged.get("accuracy")).isEqualTo(record.at("/results/test/accuracy"));
    }

    @Test
    void drawsABatchAndWhatAModelMakesOfIt() throws IOException {
        Cli.pictures(home.resolve("shown"), "cat", "dog");
        Object[] data = {"--data", home.resolve("shown"), "--image-size", "32"};
        Path batch = home.resolve("pictures/batch.png");
        Cli.run("show", data, "--rand-augment", "9", "--out", batch).done();
        assertThat(ImageIO.read(batch.toFile()).getWidth()).isGreaterThan(200);
        Cli.run("train", data, Cli.TINY, "--out", home.resolve("shown-run")).done();
        Path results = home.resolve("results.png");
        Cli.run(
                        "show",
                        "--data",
                        home.resolve("shown"),
                        "--model",
                        home.resolve("shown-run"),
                        "--worst",
                        "--samples",
                        "3",
                        "--out",
                        results)
                .done();
        assertThat(ImageIO.read(results.toFile()).getWidth()).isBetween(100, 500);
        assertThat(Cli.run("show", data, "--random-resized-crop", "2", "--out", batch)
                        .err())
                .contains("random_resized_crop must be above 0 and at most 1, found 2.0");
    }

    @Test
    void judgesTheMeanOverViews() throws IOException {
        Cli.pictures(home.resolve("viewed"), "cat", "dog");
        Object[] data = {"--data", home.resolve("viewed")};
        Cli.run("train", data, Cli.TINY, "--out", home.resolve("viewed-run")).done();
        Object[] judged = {"evaluate", "--model", home.resolve("viewed-run"), data, "--split", "valid", "--json"};
        double plain = Cli.run(judged).done().json().get("loss").asDouble();
        double views = Cli.run(judged, "--views", "2", "--hflip")
                .done()
                .json()
                .get("loss")
                .asDouble();
        assertThat(views).isNotEqualTo(plain).isPositive();
    }
}
