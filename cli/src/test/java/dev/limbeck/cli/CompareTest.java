package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.evaluate.Interval;
import dev.limbeck.run.TimelessRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test compare, sweep and profile on pictures that train in a moment. */
class CompareTest {
    private static final String[] ONE_TRIAL = {"--temperatures", "2", "--kd-weights", "0.5", "--confirm", "0"};

    @TempDir
    static Path home;

    private static Path pictures;
    private static Path teacher;

    @BeforeAll
    static void trainTheTeacher() throws IOException {
        pictures = Cli.pictures(home.resolve("pictures"), "cat", "dog");
        teacher = home.resolve("teacher");
        Cli.run("train", "--data", pictures, Cli.TINY, "--out", teacher).done();
    }

    private static Object[] taught(String command) {
        return new Object[] {command, "--data", pictures, Cli.TINY, "--teacher", teacher};
    }

    private static final String[] GATED = {"--fail-unless", "not-hurt"};

    @Test
    void compareSaysInWordsWhetherItHelped() throws IOException {
        Path out = home.resolve("compared");
        Cli.Answer text =
                Cli.run(taught("compare"), "--seeds", "2", "--out", out).done();
        assertThat(text.out())
                .startsWith("teacher cifar-resnet8: ")
                .contains(
                        "Every student: 16 labeled and 0 unlabeled rows, 4 optimizer steps; seeds 0 to 1; evaluated on the valid",
                        "There is no test split: ")
                .containsPattern("distilled,? (helped|hurt|no effect shown): [+-]\\d+\\.\\d points, 95 % interval ")
                .contains("best on the validation split: ")
                .endsWith("open " + out.resolve("report.html") + System.lineSeparator());
        assertThat(out.resolve("report.html")).exists();
        assertThat(out.resolve("alone/seed-1/epochs.csv")).isNotEmptyFile();
        JsonNode json = Cli.run(taught("compare"), "--seeds", "2", "--out", out, "--json")
                .done()
                .json();
        assertThat(json).isEqualTo(Cli.read(out.resolve("comparison.json")));
        assertThat(json.at("/variants/1/name").asText()).isEqualTo("distilled");
        Path junit = home.resolve("junit.xml");
        Cli.Answer gated = Cli.run(taught("compare"), "--seeds", "2", "--out", out, GATED, "--junit", junit, "--json");
        assertThat(gated.json()).isEqualTo(json);
        boolean hurt = json.at("/variants/1/verdict").asText().startsWith("hurt");
        assertThat(gated.code()).isEqualTo(hurt ? 3 : 0);
        assertThat(junit)
                .content()
                .contains(
                        "<testcase classname=\"limbeck.compare\" name=\"distilled not-hurt\">",
                        "tests=\"1\" failures=\"" + (hurt ? 1 : 0) + "\"");
        Cli.Answer unhelped = Cli.run(taught("compare"), "--seeds", "2", "--out", out, "--fail-unless", "helped");
        boolean helped = json.at("/variants/1/verdict").asText().startsWith("helped");
        assertThat(unhelped.code()).isEqualTo(helped ? 0 : 3);
        if (!helped) assertThat(unhelped.err()).endsWith("; --fail-unless wants helped" + System.lineSeparator());
        Cli.Answer other = Cli.run(taught("compare"), "--lr", "0.5", "--seeds", "2", "--out", out);
        assertThat(other.code()).isEqualTo(1);
        assertThat(other.err()).contains("was made with other settings: training.lr is 0.5 against 0.001");
    }

    private static Process start(Path out, String... more) throws IOException {
        List<Object> all = new ArrayList<>(List.of("compare", "--data", pictures, "--teacher", teacher));
        all.addAll(List.of("--arch", "cifar-resnet8", "--batch-size", "4", "--epochs", "6"));
        all.addAll(List.of("--seeds", "2", "--threads", "1", "--out", out));
        all.addAll(List.of(more));
        return Cli.jvm(all.toArray())
                .redirectOutput(Path.of(out + ".out").toFile())
                .redirectError(Path.of(out + (more.length == 0 ? "" : more[1].replace("/", "of")) + ".err")
                        .toFile())
                .start();
    }

    private static Map<String, String> models(Path out) throws IOException {
        Map<String, String> models = new TreeMap<>();
        for (String run : List.of("alone/seed-0", "alone/seed-1", "distilled/seed-0", "distilled/seed-1")) {
            models.put(
                    run,
                    Cli.read(out.resolve(run + "/run.json"))
                            .get("repeat_sha256")
                            .asText());
        }
        models.put("all", TimelessRecord.sha256(Cli.read(out.resolve("comparison.json"))));
        return models;
    }

    @Test
    void shardsOfTwoProcessesMakeTheComparisonOfOne() throws Exception {
        Path one = home.resolve("of-one");
        Path two = home.resolve("of-two");
        assertThat(start(one).waitFor()).isZero();
        Process killed = start(two, "--shard", "1/2");
        Path errors = Path.of(two + "1of2.err");
        while (Files.readString(errors).lines().noneMatch(line -> line.matches(" +0 .*"))) {
            assertThat(killed.isAlive()).as(Files.readString(errors)).isTrue();
            Thread.sleep(10);
        }
        Process other = start(two, "--shard", "0/2");
        killed.destroyForcibly().waitFor();
        Process again = start(two, "--shard", "1/2");
        assertThat(other.waitFor()).isZero();
        assertThat(again.waitFor()).as(Files.readString(errors)).isZero();
        assertThat(Path.of(two + ".out")).content().contains("the same command without --shard writes the result");
        assertThat(two.resolve("comparison.json")).doesNotExist();
        assertThat(start(two).waitFor()).isZero();
        assertThat(models(two)).isEqualTo(models(one));
        for (String wrong : List.of("2/2", "x", "-1/2", "1/0", "1", "0/99999999999")) {
            Cli.Answer refused = Cli.run(taught("sweep"), "--shard=" + wrong, "--out", home.resolve("never"));
            assertThat(refused.code()).isEqualTo(2);
            assertThat(refused.err())
                    .isEqualTo("limbeck: --shard must be I/N with I from 0 to N-1, such as 0/4 to 3/4, found '" + wrong
                            + "'" + System.lineSeparator());
        }
    }

    @Test
    void everyRunHasEventFilesOfItsOwn() throws IOException {
        Path events = home.resolve("events");
        Path out = home.resolve("followed");
        Cli.run(taught("compare"), "--seeds", "1", "--out", out, "--tensorboard", events)
                .done();
        for (String run : List.of("alone/seed-0", "distilled/seed-0")) {
            assertThat(events.resolve(run)).isDirectoryContaining("glob:**events.out.tfevents.*");
        }
        Cli.run(taught("sweep"), ONE_TRIAL, "--out", home.resolve("swept-only"), "--tensorboard", events)
                .done();
        assertThat(events.resolve("trials/T2-w0.5/epochs-1/seed-0"))
                .isDirectoryContaining("glob:**events.out.tfevents.*");
    }

    @Test
    void runJsonRepeatsTheRun() throws IOException {
        Path first = home.resolve("first");
        Cli.run(taught("distill"), "-T", "5", "--loss", "soft-target", "--out", first)
                .done();
        Cli.run("distill", first.resolve("run.json"), "--out", home.resolve("again"))
                .done();
        assertThat(Cli.read(home.resolve("again/run.json")).get("model_sha256"))
                .isEqualTo(Cli.read(first.resolve("run.json")).get("model_sha256"));
        Cli.Answer train = Cli.run("train", first.resolve("run.json"), "--out", home.resolve("no"));
        assertThat(train.err()).contains("the recipe has a teacher; use limbeck distill");
    }

    @Test
    void compareTakesRecipes() throws IOException {
        String start = "data: {source: '%s', batch_size: 4}\nstudent: cifar-resnet8\ntraining: {epochs: 1}\n"
                        .formatted(pictures)
                + "teacher: {model: '%s'}\n".formatted(teacher);
        Path soft = Files.writeString(home.resolve("soft.yaml"), start);
        Path mse = Files.writeString(
                home.resolve("mse.yaml"), start + "distillation: {losses: [{name: logit-mse}], kd_weight: 0.1}\n");
        JsonNode json = Cli.run("compare", soft, mse, "--seeds", "1", "--out", home.resolve("two"), "--json")
                .done()
                .json();
        assertThat(json.at("/variants").findValuesAsText("name")).containsExactly("alone", "soft", "mse");
        assertThat(json.at("/teachers")).hasSize(1);
        Path typo = Files.writeString(home.resolve("typo.yaml"), start.replace("epochs", "epocs"));
        Cli.Answer refused = Cli.run("compare", soft, typo, "--out", home.resolve("no"));
        assertThat(refused.code()).isEqualTo(1);
        assertThat(refused.err())
                .isEqualTo("limbeck: " + typo + ": no key 'epocs' in training; nearest: epochs, lr, seed"
                        + System.lineSeparator());
        Path student = Files.writeString(home.resolve("student.yaml"), start.replace("student", "studnet"));
        assertThat(Cli.run("compare", student, "--out", home.resolve("no")).err())
                .as("and not that --arch is missing")
                .startsWith("limbeck: " + student + ": no key 'studnet'; nearest: student, ");
        assertThat(home.resolve("no")).doesNotExist();
    }

    @Test
    void aPageThatCannotBeWrittenLosesNoResult() throws IOException {
        Path out = home.resolve("blocked");
        Files.createDirectories(out.resolve("report.html"));
        Path junit = home.resolve("blocked.xml");
        Cli.Answer answer = Cli.run(taught("compare"), "--seeds", "1", "--out", out, GATED, "--junit", junit, "--json");
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.json()).isEqualTo(Cli.read(out.resolve("comparison.json")));
        assertThat(junit).content().contains("name=\"distilled not-hurt\"");
        assertThat(answer.err().lines().filter(line -> line.startsWith("limbeck: ")))
                .hasSize(2)
                .anyMatch(line -> line.contains("report.html"))
                .anyMatch(line -> line.contains("--fail-unless wants not-hurt"));
    }

    @Test
    void aPictureThatCannotBeWrittenLosesNoSweep() throws IOException {
        Path out = home.resolve("blocked-sweep");
        Files.createDirectories(out.resolve("sweep.png"));
        Cli.Answer answer = Cli.run(taught("sweep"), ONE_TRIAL, "--out", out, "--json");
        assertThat(answer.code()).isEqualTo(1);
        assertThat(answer.json()).isEqualTo(Cli.read(out.resolve("sweep.json")));
        assertThat(answer.err()).contains("sweep.png");
    }

    @Test
    void aDifferenceWithoutAValueIsNoReasonToPass() {
        double nan = Double.NaN;
        Interval unknown = new Interval(5, nan, nan, nan, nan);
        Interval one = Interval.of(0.1);
        Interval none = new Interval(5, 0.01, 0.02, -0.01, 0.03);
        assertThat(CompareCommand.Wanted.NOT_HURT.isIn(unknown)).isFalse();
        assertThat(CompareCommand.Wanted.NOT_HURT.isIn(one)).isFalse();
        assertThat(CompareCommand.Wanted.NOT_HURT.isIn(none)).isTrue();
        assertThat(CompareCommand.Wanted.HELPED.isIn(unknown)).isFalse();
    }

    @Test
    void sweepLeavesARecipeAndAPicture() throws IOException {
        Path out = home.resolve("swept");
        Path tested = home.resolve("tested");
        Cli.pictures(tested.resolve("train"), "cat", "dog");
        Cli.pictures(tested.resolve("test"), "cat", "dog");
        Cli.Answer text = Cli.run(
                        "sweep",
                        "--data",
                        tested,
                        Cli.TINY,
                        "--teacher",
                        teacher,
                        "--temperatures",
                        "2,5",
                        "--kd-weights",
                        "0.5",
                        "--confirm",
                        "2",
                        "--out",
                        out)
                .done();
        assertThat(text.out())
                .contains(
                        "T2-w0.5", "T5-w0.5", "chosen: T", "confirmed on fresh seeds:", "evaluated on the test split");
        Cli.Answer untested = Cli.run(taught("sweep"), "--out", home.resolve("none"));
        assertThat(untested.code()).isEqualTo(1);
        assertThat(untested.err())
                .contains("limbeck: a sweep confirms its winner on a test split, but there is none; ");
        assertThat(out.resolve("sweep.png")).isNotEmptyFile();
        assertThat(Cli.read(out.resolve("sweep.json")).get("trials")).hasSize(2);
        Cli.run("distill", out.resolve("best.yaml"), "--out", home.resolve("by-best"))
                .done();
    }

    @Test
    void lrFindSuggestsARate() {
        Path picture = home.resolve("lr.png");
        Cli.Answer text = Cli.run("lr-find", "--data", pictures, Cli.TINY, "--steps", "20", "--picture", picture)
                .done();
        assertThat(text.out()).matches("suggested: --lr \\d\\.\\de-?\\d\\d \\(\\d+ steps\\)\\R(?s).*");
        assertThat(picture).isNotEmptyFile();
        JsonNode json =
                Cli.run(taught("lr-find"), "--steps", "20", "--json").done().json();
        assertThat(json.get("rates")).hasSameSizeAs(json.get("losses"));
    }

    @Test
    void profileMeasuresEveryModel() {
        Cli.Answer text =
                Cli.run("profile", teacher, "--runs", "3", "--batch-size", "2").done();
        assertThat(text.out().lines()).hasSize(2);
        JsonNode two = Cli.run("profile", teacher, teacher, "--runs", "3", "--batch-size", "8", "--json")
                .done()
                .json();
        assertThat(two.at("/0/profile/parameters").asInt()).isEqualTo(74_770);
        assertThat(two.at("/1/profile/memory").asDouble())
                .as("the second finds nothing that the first has left")
                .isBetween(
                        0.7 * two.at("/0/profile/memory").asDouble(),
                        1.4 * two.at("/0/profile/memory").asDouble())
                .isGreaterThan(1 << 20);
        Cli.Answer missing = Cli.run("profile", teacher, home.resolve("none"));
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.err()).startsWith("limbeck: no model at " + home.resolve("none"));
        assertThat(two.at("/0/profile/many/p50").asDouble()).isPositive();
        assertThat(two.at("/0/input_shape").toString()).isEqualTo("[3,32,32]");
    }

    @Test
    void oneProfileHasOneImageSize() {
        Cli.Answer mixed = Cli.run("profile", teacher, "--runtimes", "limbeck,onnx", "--image-size", "64");
        assertThat(mixed.err()).contains("takes images of 32×32 only, found --image-size 64");
        Path dist = home.resolve("profiled");
        Cli.run("export", "--model", teacher, "--out", dist).done();
        assertThat(Cli.run("profile", dist.resolve("model.onnx"), "--image-size", "64")
                        .err())
                .contains("takes images of 32×32 only, found --image-size 64");
    }

    @Test
    void aProfileOfFilesRefusesOptionsOfModelsOfTheZoo() {
        Path dist = home.resolve("profiled-files");
        Cli.run("export", "--model", teacher, "--format", "onnx,torchscript", "--out", dist)
                .done();
        Path onnx = dist.resolve("model.onnx");
        Path script = dist.resolve("model.pt");
        for (String option : List.of("--arch resnet18", "--weights-key ema", "--runtimes onnx")) {
            String[] words = option.split(" ");
            Cli.Answer refused = Cli.run("profile", onnx, words[0], words[1]);
            assertThat(refused.code()).as(option).isEqualTo(2);
            assertThat(refused.err())
                    .contains(words[0]
                            + " is for models of the zoo, found only ONNX and TorchScript files; leave it out");
        }
        assertThat(Cli.run("profile", onnx, script, "--runtimes", "limbeck").code())
                .isEqualTo(2);
        // A model of the zoo beside a file uses them; the file is measured as it is.
        Cli.run("profile", onnx, teacher, "--arch", "cifar-resnet8", "--runs", "2")
                .done();
    }

    /** The options say what the first file does not; they must not change the other model. */
    @Test
    void theOtherModelOfAnEvaluationKeepsItsOwnInputs() {
        Path other = home.resolve("other-inputs");
        Cli.run(
                        "train",
                        "--data",
                        pictures,
                        Cli.TINY,
                        "--image-size",
                        "40",
                        "--mean",
                        "0,0,0",
                        "--std",
                        "1,1,1",
                        "--out",
                        other)
                .done();
        JsonNode own = Cli.run("evaluate", "--data", pictures, "--split", "valid", "--model", other, "--json")
                .done()
                .json();
        JsonNode both = Cli.run(
                        "evaluate",
                        "--data",
                        pictures,
                        "--split",
                        "valid",
                        "--model",
                        teacher,
                        "--image-size",
                        "16",
                        "--classes",
                        "cat,dog",
                        "--against",
                        other,
                        "--json")
                .done()
                .json();
        assertThat(both.at("/against/loss").asDouble())
                .isEqualTo(own.at("/loss").asDouble());
        Cli.Answer missing = Cli.run(
                "evaluate",
                "--data",
                pictures,
                "--split",
                "valid",
                "--model",
                teacher,
                "--against",
                home.resolve("no"));
        assertThat(missing.code()).isEqualTo(1);
        assertThat(missing.out()).isEmpty();
    }

    @Test
    void badInputIsOneLine() throws IOException {
        Path file = Files.writeString(home.resolve("a-file"), "");
        for (Object[] args : new Object[][] {
            {taught("compare"), "--seeds", "0", "--out", home.resolve("x"), "--seeds must be at least 1"},
            {taught("compare"), "--out", file, "is a file, expected a folder"},
            {taught("compare"), "--out", file.resolve("below"), "cannot write to"},
            {taught("sweep"), "--out", file, "is a file, expected a folder"},
            {taught("compare"), "--tensorboard", file, "--out", home.resolve("x"), "is a file, expected a folder"},
            {taught("sweep"), "--strategy", "gird", "--out", home.resolve("x"), "no strategy 'gird'; nearest: grid"},
            {taught("sweep"), "--temperatures", "0", "--out", home.resolve("x"), "temperature must be a positive number"
            },
            {"profile", home.resolve("none"), "no model at"},
        }) {
            Object[] command = Arrays.copyOf(args, args.length - 1);
            Cli.Answer answer = Cli.run((Object) command);
            assertThat(answer.code()).as(answer.err()).isIn(1, 2);
            assertThat(answer.err().lines().filter(line -> line.startsWith("limbeck: ")))
                    .singleElement()
                    .asString()
                    .contains(args[args.length - 1].toString())
                    .doesNotContain("a bug");
        }
    }
}
