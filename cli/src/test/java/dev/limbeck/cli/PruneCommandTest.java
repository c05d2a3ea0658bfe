package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Task;
import dev.limbeck.model.SavedModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test pruning and what is done with pruned networks from the command line. */
class PruneCommandTest {
    @TempDir
    static Path home;

    @BeforeAll
    static void makeInputs() throws IOException {
        Cli.pictures(home.resolve("two"), "cat", "dog");
        Cli.run("train", "--data", home.resolve("two"), Cli.TINY, "--image-size", 32, "--out", home.resolve("run"))
                .done();
    }

    @Test
    void aPrunedNetworkIsTaughtEvaluatedExportedAndCompared() throws IOException {
        Path pruned = home.resolve("made/pruned.safetensors");
        Cli.Answer said = Cli.run("prune", home.resolve("run"), "--macs", 0.5, "--criterion", "l1", "--out", pruned)
                .done();
        assertThat(said.out())
                .containsPattern("(?m)^layer1\\.0\\.conv1 +16 -> \\d+ channels$")
                .containsPattern(
                        "(?m)^cifar-resnet8@\\d+-\\d+-\\d+: [\\d,]+ of 12,\\d+,\\d+ MACs \\((4[5-9]\\.\\d|50\\.0) %\\), [\\d,]+ of"
                                + " [\\d,]+ parameters \\([\\d.]+ %\\)$")
                .endsWith("written to " + pruned + System.lineSeparator());
        JsonNode document = Cli.run(
                        "prune",
                        home.resolve("run"),
                        "--macs",
                        0.5,
                        "--criterion",
                        "taylor",
                        "--json",
                        "--overwrite",
                        "--out",
                        pruned)
                .done()
                .json();
        String name = document.get("architecture").asText();
        long macs = document.at("/after/macs").asLong();
        assertThat(document.get("criterion").asText()).isEqualTo("taylor");
        assertThat(document.get("layers")).hasSize(3);
        assertThat(macs).isLessThanOrEqualTo(document.at("/before/macs").asLong() / 2);
        assertThat(Cli.run("summary", pruned).done().out()).contains("%,d MACs".formatted(macs));
        assertThat(Cli.run("summary", name, "--classes", 2, "--image-size", 32)
                        .done()
                        .out())
                .contains("%,d MACs".formatted(macs));
        Cli.run(
                        "distill",
                        "--data",
                        home.resolve("two"),
                        "--teacher",
                        home.resolve("run"),
                        "--student",
                        pruned,
                        "--epochs",
                        1,
                        "--batch-size",
                        4,
                        "--out",
                        home.resolve("student"))
                .done();
        assertThat(Cli.read(home.resolve("student/run.json"))
                        .at("/training/architecture")
                        .asText())
                .isEqualTo(name);
        assertThat(Cli.run(
                                "evaluate",
                                "--model",
                                home.resolve("student"),
                                "--data",
                                home.resolve("two"),
                                "--split",
                                "valid")
                        .done()
                        .out())
                .startsWith(name + " on ");
        assertThat(Cli.run("predict", "--model", home.resolve("student"), home.resolve("two/cat/p1.png"))
                        .done()
                        .out())
                .containsAnyOf("cat", "dog");
        assertThat(Cli.run(
                                "export",
                                "--model",
                                home.resolve("student"),
                                "--format",
                                "onnx,safetensors",
                                "--out",
                                home.resolve("files"))
                        .done()
                        .out())
                .contains("same prediction on 100");
        Path spec = home.resolve("recipe.yaml");
        Files.writeString(spec, """
                data: {source: '%s', batch_size: 4, image_size: 32}
                teacher: {model: '%s'}
                student: '%s'
                training: {epochs: 1}
                """.formatted(home.resolve("two"), home.resolve("run"), pruned));
        assertThat(Cli.run("compare", spec, "--seeds", 1, "--out", home.resolve("compared"))
                        .done()
                        .out())
                .contains("alone", "recipe");
    }

    /** Only its trainer knows what a foreign classifier's outputs are for. */
    @Test
    void aFileThatDoesNotSayItsTaskIsOfTheGivenOne() throws IOException {
        Path bare = home.resolve("bare.safetensors");
        Cli.withoutMetadata(home.resolve("run/model.safetensors"), bare);
        Path half = home.resolve("half.safetensors");
        Object[] prune = {"prune", bare, "--arch", "cifar-resnet8", "--image-size", 32, "--macs", 0.5, "--out", half};
        assertThat(Cli.run(prune).done().err())
                .contains("bare.safetensors does not say its task; used as single-label classification (--task sets"
                        + " another)");
        assertThat(Cli.run(prune, "--overwrite", "--task", "multi-label").done().err())
                .doesNotContain("task");
        try (SavedModel model = SavedModel.open(half, null)) {
            assertThat(model.task().kind()).isEqualTo(Task.Kind.MULTI_LABEL);
        }
        Object[] export = {"export", "--model", bare, "--arch", "cifar-resnet8", "--no-verify", "--classes", "a,b"};
        assertThat(Cli.run(export, "--out", home.resolve("bare-1")).done().err())
                .contains("does not say its task");
        assertThat(Cli.run(
                                export,
                                "--format",
                                "onnx,torchscript",
                                "--task",
                                "multi-label",
                                "--out",
                                home.resolve("bare-2"))
                        .done()
                        .err())
                .doesNotContain("task");
        assertThat(Files.readString(home.resolve("bare-2/MODEL_CARD.md"))).contains("A classifier with several labels");
        assertThat(Cli.run("evaluate", "--model", half, "--data", home.resolve("two"), "--split", "valid")
                        .err())
                .contains("is a model for multi-label classification, the data is for single-label classification;"
                        + " evaluate it on data of its task (--task multi-label)");
        Path numbers = home.resolve("numbers.safetensors");
        Cli.run(prune, "--task", "regression", "--overwrite").done();
        Cli.run("prune", half, "--macs", 0.5, "--out", numbers).done();
        try (SavedModel model = SavedModel.open(numbers, null)) {
            assertThat(model.task().kind()).isEqualTo(Task.Kind.REGRESSION);
        }
        Cli.run("export", "--model", numbers, "--no-verify", "--out", home.resolve("numbers"))
                .done();
        assertThat(Cli.run(
                                "predict",
                                "--model",
                                home.resolve("numbers/model.onnx"),
                                home.resolve("two/cat/p1.png"),
                                "--json")
                        .done()
                        .json()
                        .isEmpty())
                .isFalse();
        Cli.run(prune, "--task", "multi-label", "--overwrite").done();
        Cli.Answer refused = Cli.run(
                "prune", home.resolve("run"), "--macs", 0.5, "--task", "regression", "--out", half, "--overwrite");
        assertThat(refused.err())
                .contains("is a model for single-label classification, found --task regression; leave it out");
        try (SavedModel model = SavedModel.open(half, null)) {
            assertThat(model.task().kind()).as("kept").isEqualTo(Task.Kind.MULTI_LABEL);
        }
    }

    @Test
    void distillPrunesInSteps() {
        Cli.Answer said = Cli.run(
                        "distill",
                        "--data",
                        home.resolve("two"),
                        "--teacher",
                        home.resolve("run"),
                        "--student",
                        home.resolve("run"),
                        "--prune",
                        0.4,
                        "--prune-steps",
                        2,
                        "--prune-by",
                        "l1",
                        "--epochs",
                        1,
                        "--batch-size",
                        4,
                        "--out",
                        home.resolve("steps"))
                .done();
        assertThat(said.err()).contains("pruned (1 of 2): cifar-resnet8@", "pruned (2 of 2): cifar-resnet8@");
        assertThat(Cli.read(home.resolve("steps/run.json"))
                        .at("/recipe/prune/steps")
                        .asInt())
                .isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --macs 0.01 --out $/x.safetensors | 1 | cifar-resnet8 cannot be pruned to
            --macs 0.5 --out $/run | 2 | --out must end with .safetensors, found
            --macs 0.5 --out $/run/model.safetensors | 1 | exists; choose another --out
            --out $/x.safetensors | 2 | set --macs or --ratio, found neither
            --macs 0.5 --ratio 0.5 --out $/x.safetensors | 2 | set --macs or --ratio, found both
            --macs 1.5 --out $/x.safetensors | 2 | --macs must be above 0 and below 1, found 1.5
            --ratio much --out $/x.safetensors | 2 | --ratio must be numbers such as 0.3 or layer3=0.5, found 'much'
            --ratio layer1=1 --out $/x.safetensors | 1 | which would empty the layer
            --ratio 0 --out $/x.safetensors | 1 | these ratios remove no channel of cifar-resnet8, found 0.0; raise them
            --ratio layr1=0.5 --out $/x.safetensors | 1 | no layer that can be pruned 'layr1'
            --macs 0.5 --criterion magnitude --out $/x.safetensors | 2 | expected one of l1, bn, taylor, found 'magnitude'
            --macs 0.5 --least 1 --out $/x.safetensors | 2 | --least must be at least 0 and below 1, found 1.0
            """)
    void wrongInputsAreAnsweredInOneLine(String options, int code, String message) throws IOException {
        byte[] before = Files.readAllBytes(home.resolve("run/model.safetensors"));
        Cli.Answer said = Cli.run("prune", home.resolve("run"), Cli.words(options, home));
        assertThat(said.err()).contains(message);
        assertThat(said.err().lines()).hasSize(1);
        assertThat(said.code()).isEqualTo(code);
        assertThat(home.resolve("x.safetensors")).doesNotExist();
        assertThat(home.resolve("run/model.safetensors")).hasBinaryContent(before);
    }

    @Test
    void stepsOfPruningNeedATarget() {
        Object[] student = {"--student", home.resolve("run"), "--prune-steps", "2", "--epochs", "1"};
        assertThat(Cli.run("train", "--data", home.resolve("two"), student, "--out", home.resolve("x"))
                        .err())
                .contains("no prune.macs in the recipe; it is required (--prune)");
    }

    @Test
    void taylorOfAFileBesideNoRunNeedsData() throws IOException {
        Path file = home.resolve("alone/model.safetensors");
        Files.createDirectories(file.getParent());
        Files.copy(home.resolve("run/model.safetensors"), file);
        Cli.Answer said =
                Cli.run("prune", file, "--macs", 0.5, "--criterion", "taylor", "--out", home.resolve("x.safetensors"));
        assertThat(said.code()).isEqualTo(1);
        assertThat(said.err())
                .endsWith("the criterion taylor needs data, and " + file
                        + " stands beside no run; set --data, or take l1 or bn" + System.lineSeparator());
    }
}
