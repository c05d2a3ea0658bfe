package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** From a run directory to a file that is used elsewhere. */
class ExportTest {
    @TempDir
    static Path home;

    private static Path run;
    private static Path image;

    @BeforeAll
    static void train() throws IOException {
        Path pictures = Cli.pictures(home.resolve("pictures"), "cat", "dog");
        image = pictures.resolve("cat/p4.png");
        run = home.resolve("run");
        Cli.run(
                        "train",
                        "--data",
                        pictures,
                        "--arch",
                        "cifar-resnet8",
                        "--image-size",
                        "16",
                        "--epochs",
                        "1",
                        "--batch-size",
                        "4",
                        "--out",
                        run)
                .done();
    }

    @Test
    void writesEveryFormatVerifiedOnTheRunsOwnImages() throws IOException {
        Path out = home.resolve("dist");
        JsonNode files = Cli.run(
                        "export", "--model", run, "--out", out, "--format", "onnx,torchscript,safetensors", "--json")
                .done()
                .json();
        assertThat(files).hasSize(3);
        for (JsonNode file : files) {
            assertThat(file.at("/verification/agreement").asDouble()).isEqualTo(1);
            assertThat(Path.of(file.get("file").asText().replaceFirst("^file:/*", "/")))
                    .isRegularFile();
        }
        assertThat(Files.readString(out.resolve("MODEL_CARD.md")))
                .contains("Classes in order: cat, dog.", "limbeck train recipe.yaml", "| valid |");
        assertThat(Cli.run("predict", "--model", out, image).done().out()).contains("%");
        assertThat(Cli.run("export", "--model", run, "--out", out).err())
                .isEqualTo("limbeck: " + out + " exists; choose another --out, or remove it" + System.lineSeparator());
    }

    @Test
    void smallerFilesAreMeasuredBesideTheModel() {
        Path out = home.resolve("small");
        Cli.run("export", "--model", run, "--out", out, "--precision", "int8", "--format", "onnx,torchscript")
                .done();
        JsonNode profiles = Cli.run(
                        "profile",
                        run,
                        out.resolve("model.onnx"),
                        out.resolve("model.pt"),
                        "--image-size",
                        "16",
                        "--runs",
                        "3",
                        "--json")
                .done()
                .json();
        assertThat(profiles.findValuesAsText("architecture"))
                .containsExactly("cifar-resnet8", "ONNX Runtime", "TorchScript");
        for (JsonNode profile : profiles) {
            assertThat(profile.at("/profile/one/p50").asDouble()).isPositive();
            assertThat(profile.at("/profile/bytes").asLong()).isPositive();
            assertThat(profile.get("start_millis").asDouble()).isPositive();
        }
        assertThat(profiles.at("/1/profile/bytes").asLong())
                .isLessThan(profiles.at("/0/profile/bytes").asLong() / 2);
        assertThat(Cli.run("profile", out.resolve("model.pt")).err())
                .contains("does not say how large its images are; name their side with --image-size");
    }

    @Test
    void wantsImagesToVerifyOn() {
        Path alone = home.resolve("alone.safetensors");
        try {
            Files.copy(run.resolve("model.safetensors"), alone);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        Path out = home.resolve("unverified");
        assertThat(Cli.run("export", "--model", alone, "--out", out).err())
                .startsWith(
                        "limbeck: there are no images to verify the export on; name some with --data, or --no-verify");
        assertThat(out).doesNotExist();
        assertThat(Cli.run("export", "--model", alone, "--out", out, "--no-verify")
                        .done()
                        .out())
                .contains("model.onnx");
    }

    /** What a stranger's project needs is two jars: no LibTorch, no rest of Limbeck. */
    @Test
    void answersWithThePredictorsJarAndOnnxRuntimeAlone() throws Exception {
        Path jar = Path.of("../predict/target/limbeck-predict-" + dev.limbeck.Version.number() + ".jar");
        assumeThat(jar).as("the packaged predictor; it is made by mvn package").isRegularFile();
        String runtime = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> entry.matches(".*onnxruntime-[0-9.]+\\.jar"))
                .findFirst()
                .orElseThrow();
        Path out = home.resolve("for-two-jars");
        Cli.run("export", "--model", run, "--out", out, "--normalise", "--softmax")
                .done();
        Path source = Files.writeString(home.resolve("One.java"), """
                import dev.limbeck.onnx.OnnxPredictor;
                import java.nio.file.Path;

                class One {
                    public static void main(String[] a) throws Exception {
                        try (OnnxPredictor predictor = OnnxPredictor.open(Path.of(a[0]))) {
                            System.out.print(predictor.predict(Path.of(a[1])).className());
                        }
                        try {
                            Class.forName("org.bytedeco.pytorch.Tensor");
                            System.out.print(" with LibTorch");
                        } catch (ClassNotFoundException e) {
                            System.out.print(" alone");
                        }
                    }
                }
                """);
        Process process = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        jar + File.pathSeparator + runtime,
                        source.toString(),
                        out.resolve("model.onnx").toString(),
                        image.toString()))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        String expected = Cli.run("predict", "--model", run, image, "--json")
                .done()
                .json()
                .at("/0/probabilities")
                .fieldNames()
                .next();
        assertThat(said).isEqualTo(expected + " alone");
    }
}
