package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Task;
import dev.limbeck.distill.teacher.FileTeacher;
import dev.limbeck.distill.teacher.TeacherOutput;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test one model as a run, as ONNX and as TorchScript: every command must give the same outputs. */
class ForeignModelsTest {
    @TempDir
    static Path home;

    private static Path data;
    private static Path run;

    @BeforeAll
    static void train() throws IOException {
        data = Cli.pictures(home.resolve("pictures"), "red", "green", "blue");
        run = home.resolve("run");
        Cli.run("train", Cli.TINY, "--data", data, "--out", run).done();
        Path files = home.resolve("files");
        Cli.run("export", "--model", run, "--out", files, "--format", "onnx,torchscript")
                .done();
        Files.copy(files.resolve("model.onnx"), home.resolve("model.onnx"));
        Files.copy(files.resolve("model.pt"), home.resolve("model.pt"));
    }

    private static JsonNode json(Object... args) {
        return Cli.run(args, "--json").done().json();
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.onnx", "model.pt"})
    void everyCommandTakesIt(String name) {
        Path model = home.resolve(name);
        Path picture = data.resolve("red/p3.png");
        double expected = json("predict", "--model", run, "--top", "1", picture)
                .at("/0/probabilities")
                .iterator()
                .next()
                .asDouble();
        assertThat(json("predict", "--model", model, "--top", "1", picture)
                        .at("/0/probabilities")
                        .iterator()
                        .next()
                        .asDouble())
                .isCloseTo(expected, within(1e-4));
        assertThat(json("explain", "--model", model, "-T", "1", picture)
                        .at("/0/probabilities")
                        .fieldNames())
                .toIterable()
                .containsExactly("blue", "green", "red");
        for (String views : new String[] {"0", "2"}) {
            JsonNode own = json("evaluate", "--data", data, "--split", "train", "--views", views, "--model", run);
            JsonNode other = json("evaluate", "--data", data, "--split", "train", "--views", views, "--model", model);
            assertThat(other.get("accuracy")).isEqualTo(own.get("accuracy"));
            assertThat(other.get("loss").asDouble()).isCloseTo(own.get("loss").asDouble(), within(1e-3));
        }
        Path out = home.resolve(name + ".png");
        Cli.run("show", "--data", data, "--model", model, "--worst", "--samples", "4", "--out", out)
                .done();
        assertThat(out).isNotEmptyFile();
    }

    @Test
    void whatIsAssumedOrDoesNotFitIsSaid() {
        Path model = home.resolve("model.onnx");
        assertThat(Cli.run("evaluate", "--data", data, "--split", "train", "--model", model, "--classes", "a,b,c")
                        .err())
                .contains("the model's classes are a, b, c")
                .hasLineCount(1);
        assertThat(Cli.run(
                                "evaluate",
                                "--data",
                                data,
                                "--split",
                                "train",
                                "--model",
                                model,
                                "--model-output",
                                "sigmoid")
                        .err())
                .contains("must return sigmoids")
                .hasLineCount(1);
        assertThat(Cli.run("predict", "--model", model, "--arch", "resnet18", data.resolve("red/p1.png"))
                        .err())
                .contains("contains a whole network; leave its architecture out")
                .hasLineCount(1);
    }

    /** Outputs of several labels are no shares of one whole, and numbers are none at all. */
    @Test
    void predictionsAreOfTheGivenTask() throws IOException {
        Path bare = home.resolve("bare.safetensors");
        Cli.withoutMetadata(run.resolve("model.safetensors"), bare);
        String assumed = "bare.safetensors does not say its task; used as single-label classification";
        Object[] predict = {
            "predict",
            "--model",
            bare,
            "--arch",
            "cifar-resnet8",
            "--image-size",
            32,
            data.resolve("red/p3.png"),
            "--json"
        };
        Cli.Answer one = Cli.run(predict).done();
        assertThat(one.err()).contains(assumed);
        double[] shares = values(one.json().at("/0/probabilities"));
        Cli.Answer several = Cli.run(predict, "--task", "multi-label").done();
        assertThat(several.err()).doesNotContain("task");
        double[] each = values(several.json().at("/0/probabilities"));
        double[] numbers =
                values(Cli.run(predict, "--task", "regression").done().json().at("/0/numbers"));
        double sum = 0;
        for (double number : numbers) sum += Math.exp(number);
        for (int i = 0; i < 3; i++) {
            // Classes are printed from the most likely, numbers in the model's order.
            double number = sorted(numbers)[i];
            assertThat(shares[i]).isCloseTo(Math.exp(number) / sum, within(1e-5));
            assertThat(each[i]).isCloseTo(1 / (1 + Math.exp(-number)), within(1e-5));
        }
        Object[] explain = {"explain", "-T", "1", "--model", bare, "--arch", "cifar-resnet8", "--image-size", 32};
        assertThat(Cli.run(explain, data.resolve("red/p3.png"), "--json").done().err())
                .contains(assumed);
        double[] explained = values(Cli.run(explain, data.resolve("red/p3.png"), "--json", "--task", "multi-label")
                .done()
                .json()
                .at("/0/probabilities"));
        assertThat(sorted(explained)).containsExactly(each, within(1e-5));
        Cli.Answer unknown = Cli.run(predict, "--task", "multilabel");
        assertThat(unknown.err()).contains("multi-label").hasLineCount(1);
        assertThat(unknown.code()).isEqualTo(2);
        Object[] saysIt = {"predict", "--model", home.resolve("model.onnx"), data.resolve("red/p3.png")};
        assertThat(Cli.run(saysIt).done().err()).doesNotContain("task");
        assertThat(Cli.run(saysIt, "--task", "regression").err())
                .contains("is a model for single-label classification, found --task regression; leave it out");
    }

    /** A student of embeddings can learn a classifier's logits, if the user says so. */
    @Test
    void theUserMayCallOutputsOfAClassifierAnEmbedding() {
        try (FileTeacher teacher = FileTeacher.open(home.resolve("model.onnx"))) {
            assertThat(teacher.knowsTask()).isTrue();
            assertThat(teacher.task()).isEqualTo(Task.Kind.SINGLE_LABEL);
            FileTeacher embeds = teacher.withOutput(TeacherOutput.EMBEDDING);
            assertThat(embeds.knowsTask()).isTrue();
            assertThat(embeds.task()).isEqualTo(Task.Kind.EMBEDDING);
        }
    }

    @Test
    void aFileIsExportedForItsOwnTaskOnly() throws IOException {
        Path labels = home.resolve("labels.csv");
        Files.writeString(labels, """
                file,red,green,blue
                red/p1.png,1,0,0
                red/p2.png,1,0,0
                green/p1.png,0,1,0
                green/p2.png,0,1,0
                blue/p1.png,0,0,1
                blue/p2.png,0,0,1
                """);
        Path out = home.resolve("anew");
        Cli.Answer answer = Cli.run(
                "export",
                "--model",
                home.resolve("model.pt"),
                "--data",
                data,
                "--labels",
                labels,
                "--label-columns",
                "blue,green,red",
                "--task",
                "multi-label",
                "--valid-fraction",
                0.5,
                "--out",
                out);
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.err()).contains("single-label classification", "multi-label classification");
        assertThat(out).doesNotExist();
    }

    private static double[] values(JsonNode map) {
        return StreamSupport.stream(map.spliterator(), false)
                .mapToDouble(JsonNode::asDouble)
                .toArray();
    }

    private static double[] sorted(double... values) {
        return Arrays.stream(values)
                .boxed()
                .sorted(Comparator.reverseOrder())
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    @Test
    void nearFilesAreNamedWhereverAPathIs() {
        Path typo = home.resolve("modle.pt");
        String near = "; did you mean " + home.resolve("model.pt") + "?";
        Object[][] commands = {
            {"predict", "--model", typo, data.resolve("red/p1.png")},
            {"evaluate", "--data", data, "--model", typo},
            {"inspect", typo},
            {"profile", run, typo},
            {"distill", Cli.TINY, "--data", data, "--teacher", typo, "--out", home.resolve("none")},
            {"train", Cli.TINY, "--data", data, "--weights", typo, "--out", home.resolve("none")},
        };
        for (Object[] command : commands) {
            assertThat(Cli.run(command).err())
                    .as("%s", command[0])
                    .contains(near)
                    .hasLineCount(1);
        }
        assertThat(Cli.run("evaluate", "--data", home.resolve("picture"), "--model", run)
                        .err())
                .contains("; did you mean " + data + "?");
        assertThat(Cli.run("predict", "--model", run, data.resolve("red/p1.jpg"))
                        .err())
                .contains("; did you mean " + data.resolve("red/p1.png") + "?");
    }

    /** A file that cannot be opened must be detected before any measurement. */
    @Test
    void profileOpensAllBeforeItMeasuresOne() throws IOException {
        Path broken = Files.writeString(home.resolve("broken.onnx"), "no ONNX");
        Cli.Answer answer = Cli.run("profile", run, broken);
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.out()).isEmpty();
        assertThat(answer.err())
                .contains(broken + " is not an ONNX file that can be run")
                .hasLineCount(1);
    }
}
