package com.example.limbeck;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test that the extensions in this jar are found by name. */
class ExtensionTest {
    @TempDir
    static Path home;

    /** Hold the exit code and the output of a command. */
    private record Answer(int code, String out, String err) {
        Answer done() {
            assertThat(code).as(err).isZero();
            return this;
        }
    }

    private static Answer run(Object... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                Arrays.stream(args).map(Object::toString).toArray(String[]::new));
        return new Answer(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    private static Object[] with(Object[] start, Object... more) {
        return Stream.of(start, more).flatMap(Arrays::stream).toArray();
    }

    private static Object[] tiny(String command) {
        return new Object[] {command, "--data", "tints", "--epochs", "2", "--lr", "0.05", "--batch-size", "16"};
    }

    @Test
    void aRunIsTrainedFollowedAndDistilledByNameAlone() throws IOException {
        Path teacher = home.resolve("teacher");
        Path lines = home.resolve("lines.txt");
        run(with(tiny("train"), "--arch", "plain-net-wide", "--track", "epoch-lines:" + lines, "--out", teacher))
                .done();
        assertThat(Files.readAllLines(lines)).hasSize(2).first().asString().startsWith(" epoch 0 loss ");
        assertThat(Files.readString(teacher.resolve("run.json"))).contains("plain-net-wide", "drawn tints");

        // Use both losses, with settings of every type for the one on logits.
        Path student = home.resolve("student");
        run(with(
                        tiny("distill"),
                        "--arch",
                        "plain-net",
                        "--teacher",
                        teacher,
                        "--loss",
                        "soft-mse:T=3,power=4,over=mean,scaled=false",
                        "--loss",
                        "cosine-features:features",
                        "--out",
                        student))
                .done();
        assertThat(Files.readString(student.resolve("run.json")))
                .contains("SoftMse[temperature=3.0, power=4, over=mean, scaled=false]")
                .containsPattern("\"power\" ?: 4,")
                .containsPattern("\"scaled\" ?: false")
                .contains("CosineFeatures");
        assertThat(Files.readString(student.resolve("epochs.csv"))).contains("train_SoftMse", "train_CosineFeatures");
    }

    @Test
    void aRuntimeOfThisJarTeaches() throws IOException {
        Path model = home.resolve("colors.linear");
        Files.writeString(model, "red 9 0 0\ngreen 0 9 0\nblue 0 0 9\n");
        Answer taught = run(with(
                tiny("distill"),
                "--arch",
                "plain-net",
                "--teacher",
                model,
                "--kd-weight",
                "0.9",
                "--out",
                home.resolve("byFile")));
        taught.done();
        assertThat(run("evaluate", "--model", model, "--data", "tints", "--split", "valid", "--image-size", "16")
                        .done()
                        .out())
                .contains("accuracy 100.00 %");
    }

    @Test
    void listsHelpAndMessagesKnowTheNames() {
        assertThat(run("losses").done().out())
                .contains("soft-target", "soft-mse", "T=2,power=2,over=sum,scaled=true")
                .contains("over: what is taken over the classes; one of sum, mean")
                .contains("cosine-features");
        assertThat(run("train", "--help").done().out()).contains("epoch-lines", "tints", "shapes");
        assertThat(run("summary", "plain-net").done().out()).contains("features", "classifier");
        assertThat(run("summary", "plain-net+concat").done().out()).contains("classifier.6");
        assertThat(run("summary").err()).contains("resnet18", "plain-net, plain-net-wide");
        Object[] distill =
                with(tiny("distill"), "--arch", "plain-net", "--teacher", "none", "--out", home.resolve("no"));
        for (String[] wrong : new String[][] {
            {"soft-mze", "no loss 'soft-mze'; nearest: soft-mse"},
            {"soft-mse:power=3", "power must be an even number of at least 2, found 3"},
            {"soft-mse:power=2.5", "power must be a whole number, found 2.5"},
            {"soft-mse:over=max", "over must be one of sum, mean, found 'max'"},
            {"soft-mse:scaled=maybe", "scaled must be true or false, found 'maybe'"},
            {"soft-mse:gamma=1", "the loss soft-mse has no gamma, found 1; it has temperature, power, over, scaled"},
        }) {
            Answer answer = run(with(distill, "--loss", wrong[0]));
            assertThat(answer.code()).isEqualTo(2);
            assertThat(answer.err()).contains("limbeck: " + wrong[1]);
        }
        assertThat(run(with(tiny("train"), "--arch", "plain-nett", "--out", home.resolve("no")))
                        .err())
                .contains("no architecture 'plain-nett'; nearest: plain-net");
        assertThat(run(with(tiny("train"), "--arch", "plain-net", "--track", "epoch-line", "--out", home.resolve("no")))
                        .err())
                .contains("no tracker 'epoch-line'; nearest: epoch-lines");
        assertThat(run(with(
                                tiny("train"),
                                "--arch",
                                "plain-net",
                                "--track",
                                "epoch-lines",
                                "--out",
                                home.resolve("no")))
                        .err())
                .contains("epoch-lines needs a file");
    }

    @Test
    void aBrokenJarIsNamedOnceAndEverythingElseWorks() throws IOException, InterruptedException {
        Path broken = home.resolve("broken.jar.d");
        Path services = Files.createDirectories(broken.resolve("META-INF/services"));
        Files.writeString(services.resolve("dev.limbeck.distill.loss.LossType"), "com.example.NotThere\n");

        Path err = home.resolve("err.txt");
        Path out = home.resolve("out.txt");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path") + File.pathSeparator + broken,
                        "dev.limbeck.cli.Main",
                        "losses")
                .redirectOutput(out.toFile())
                .redirectError(err.toFile())
                .start();
        assertThat(process.waitFor()).isZero();
        assertThat(Files.readString(out)).contains("soft-target", "soft-mse");
        assertThat(Files.readString(err).lines().filter(line -> line.contains("is left out")))
                .singleElement()
                .asString()
                .contains("the loss com.example.NotThere in " + broken + " is left out (ClassNotFoundException: ")
                .contains("mend that jar or take it off the class path");
    }

    @Test
    void filesNamedInTheContributingGuideExist() throws IOException {
        Matcher paths = Pattern.compile("`(extension/[^`]+)`").matcher(Files.readString(Path.of("../CONTRIBUTING.md")));
        List<String> found = paths.results().map(path -> path.group(1)).toList();
        assertThat(found)
                .hasSizeGreaterThan(6)
                .allSatisfy(path -> assertThat(Path.of("..", path)).exists());
    }
}
