package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.export.OnnxModel;
import dev.limbeck.model.SavedModel;
import dev.limbeck.nn.StateDict;
import dev.limbeck.tensor.Script;
import dev.limbeck.weights.Safetensors;
import dev.limbeck.weights.TorchScriptFile;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Test the way from a run directory to an exported file that is used elsewhere. */
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

    /** ONNX Runtime unpacks files there. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void aTemporaryFolderThatCannotBeWrittenIsOneLine() throws Exception {
        Path out = home.resolve("unwritable");
        ProcessBuilder export = Cli.jvm("export", "--model", run, "--out", out);
        export.command().add(1, "-Djava.io.tmpdir=/proc");
        Process process = export.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        String err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(err).isEqualTo(1);
        assertThat(err.lines().filter(line -> line.startsWith("limbeck: ")))
                .singleElement()
                .asString()
                .contains("ONNX Runtime cannot be loaded", "/proc", "-Djava.io.tmpdir")
                .doesNotContain("a bug");
        assertThat(out).doesNotExist();
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
                .contains(
                        "Classes in order: cat, dog.",
                        "limbeck train recipe.yaml --out run",
                        "limbeck export --model run --out export --format onnx,torchscript,safetensors",
                        "opset 17, with weights as float32, batch norms merged",
                        "| valid |")
                .doesNotContain("--embedding", "--data", "whole network");
        assertThat(Cli.run("predict", "--model", out, image).done().out()).contains("%");
        assertThat(Cli.run("export", "--model", run, "--out", out).err())
                .isEqualTo("limbeck: " + out + " exists; choose another --out, or remove it" + System.lineSeparator());
    }

    /** The interval would be of rows that nothing was chosen by. */
    @Test
    void theRowsThatSelectedTheEpochHaveNoInterval() throws IOException {
        Path best = home.resolve("best");
        Cli.run("train", "--data", home.resolve("pictures"), Cli.TINY, "--keep", "best", "--out", best)
                .done();
        for (Path model : List.of(run, best)) {
            Path out = home.resolve("card-of-" + model.getFileName());
            Cli.run("export", "--model", model, "--out", out).done();
            String card = Files.readString(out.resolve("MODEL_CARD.md"));
            if (model == run) {
                assertThat(card)
                        .containsPattern("\\| valid \\| 4 \\| [\\d.]+ % \\| [\\d.]+ to [\\d.]+ % \\|")
                        .doesNotContain("optimistic");
            } else {
                assertThat(card)
                        .containsPattern("\\| valid \\| 4 \\| [\\d.]+ % \\| – \\|")
                        .contains("The rows of the valid split selected the epoch, so their numbers are optimistic.");
            }
        }
    }

    @Test
    void smallerFilesAreMeasuredBesideTheModel() throws IOException {
        Path out = home.resolve("small");
        Cli.run("export", "--model", run, "--out", out, "--precision", "int8", "--format", "onnx,torchscript")
                .done();
        JsonNode profiles =
                profiles("--image-size 16 --runs 3", run, out.resolve("model.onnx"), out.resolve("model.pt"));
        assertThat(profiles.findValuesAsText("architecture"))
                .containsExactly("cifar-resnet8", "ONNX Runtime", "TorchScript");
        for (JsonNode profile : profiles) {
            assertThat(profile.at("/profile/one/p50").asDouble()).isPositive();
            assertThat(profile.at("/profile/bytes").asLong()).isPositive();
            assertThat(profile.get("start_millis").asDouble()).isPositive();
        }
        assertThat(profiles.at("/1/profile/bytes").asLong())
                .isLessThan(profiles.at("/0/profile/bytes").asLong() / 2);
        assertThat(Cli.run("profile", foreign()).err())
                .contains("does not contain its image size; set it with --image-size");
    }

    @Test
    void oneModelIsMeasuredInEveryRuntime() throws IOException {
        Set<String> before = Cli.listing(home);
        JsonNode profiles = profiles("--runtimes limbeck,torchscript,onnx --runs 2 --batch-size 2", run);
        assertThat(profiles.findValuesAsText("architecture"))
                .containsExactly("cifar-resnet8", "TorchScript", "ONNX Runtime");
        for (JsonNode profile : profiles) {
            assertThat(profile.get("model").asText()).isEqualTo(run.toString());
            assertThat(profile.at("/profile/macs").asLong())
                    .isEqualTo(profiles.at("/0/profile/macs").asLong())
                    .isPositive();
            assertThat(profile.at("/profile/many/p99").asDouble()).isPositive();
            assertThat(profile.get("start_millis").asDouble()).isPositive();
        }
        assertThat(Cli.listing(home)).isEqualTo(before);
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
                        "limbeck: there is no data to verify the export on; set it with --data, or leave the check out with --no-verify");
        assertThat(out).doesNotExist();
        assertThat(Cli.run("export", "--model", alone, "--out", out, "--no-verify")
                        .done()
                        .out())
                .contains("model.onnx");
    }

    @Test
    void whatAFileDoesNotSayIsTakenAsGivenAndWhatItSaysIsNotOverruled() throws IOException {
        Path silent = home.resolve("silent.safetensors");
        try (SavedModel saved = SavedModel.open(run, null);
                StateDict state = saved.module().stateDict()) {
            Safetensors.write(state, silent);
        }
        Path out = home.resolve("logged");
        List<Object> command = new ArrayList<>(List.of("export", "--arch", "cifar-resnet8", "--image-size", "16"));
        command.addAll(List.of("--data", home.resolve("pictures"), "--mean", "0.5,0.5,0.5", "--std", "0.25,0.25,0.25"));
        List<Object> named = new ArrayList<>(command);
        named.addAll(List.of("--model", silent, "--out", out));
        Cli.run(named.toArray()).done();
        assertThat(Files.readString(out.resolve("MODEL_CARD.md")))
                .contains(
                        "minus the mean [0.5, 0.5, 0.5], divided by [0.25, 0.25, 0.25]", "Classes in order: cat, dog.");
        try (OnnxModel model = OnnxModel.open(out.resolve("model.onnx"), 1)) {
            assertThat(model.metadata())
                    .containsEntry("mean", "0.5,0.5,0.5")
                    .containsEntry("classes", "[\"cat\",\"dog\"]");
        }
        List<Object> otherwise = new ArrayList<>(command);
        otherwise.addAll(List.of("--model", run, "--out", home.resolve("refused")));
        refused(1, "leave out --image-size, --resize, --mean and --std", otherwise.toArray());
        refused(
                2,
                "--classes must be unique names, found [a, a]",
                "export",
                "--model",
                run,
                "--classes",
                "a,a",
                "--out",
                home.resolve("refused"));
    }

    /** Create a file as saved by PyTorch, without metadata. */
    private static Path foreign() throws IOException {
        Path out = home.resolve("for-foreign");
        if (Files.notExists(out)) {
            Cli.run("export", "--model", run, "--out", out, "--format", "torchscript", "--no-verify")
                    .done();
        }
        Path silent = home.resolve("foreign.pt");
        try (Script script = TorchScriptFile.open(out.resolve("model.pt")).load()) {
            script.save(silent, Map.of());
        }
        return silent;
    }

    @Test
    void takesTorchScriptOfWhateverOrigin() throws IOException {
        Path file = foreign();
        Path out = home.resolve("foreign");
        JsonNode verified = Cli.run(
                        "export",
                        "--model",
                        file,
                        "--data",
                        home.resolve("pictures"),
                        "--image-size",
                        "16",
                        "--out",
                        out,
                        "--json")
                .done()
                .json();
        assertThat(verified.at("/0/verification/agreement").asDouble()).isEqualTo(1);
        assertThat(Files.readString(out.resolve("MODEL_CARD.md"))).contains("Classes in order: cat, dog.");
        Path blind = home.resolve("foreign-blind");
        Cli.run("export", "--model", file, "--classes", "a,b", "--image-size", "16", "--no-verify", "--out", blind)
                .done();
        assertThat(Files.readString(blind.resolve("MODEL_CARD.md"))).contains("Classes in order: a, b.");
    }

    @Test
    void takesTorchScriptThatSaysWhatItWants() throws IOException {
        foreign();
        Path talking = home.resolve("for-foreign/model.pt");
        Path out = home.resolve("talking");
        Cli.run("export", "--model", talking, "--data", home.resolve("pictures"), "--out", out)
                .done();
        assertThat(Files.readString(out.resolve("MODEL_CARD.md"))).contains("Classes in order: cat, dog.", "16×16");
        assertThat(Cli.run("profile", talking, "--runs", "2", "--json")
                        .done()
                        .json()
                        .at("/0/input_shape/2")
                        .asInt())
                .isEqualTo(16);
        refused(
                1,
                "the classes of " + talking + " are [cat, dog], the data's are [cat, owl]",
                "export",
                "--model",
                talking,
                "--data",
                Cli.pictures(home.resolve("others"), "cat", "owl"),
                "--out",
                home.resolve("refused"));
    }

    /** Save the foreign network with what it says of itself. */
    private static Path saying(Map<String, String> words) throws IOException {
        Path file = home.resolve("saying.pt");
        try (Script script = TorchScriptFile.open(foreign()).load()) {
            script.save(file, words);
        }
        return file;
    }

    @Test
    void readsWhatTorchScriptSaysAsTeachersDo() throws IOException {
        Path out = home.resolve("of-pixels");
        Path pixels = saying(Map.of("image_size", "[16, 16]", "mean", "127.5,127.5,127.5", "std", "51,51,51"));
        Cli.run("export", "--model", pixels, "--classes", "a,b", "--no-verify", "--out", out)
                .done();
        assertThat(Files.readString(out.resolve("MODEL_CARD.md"))).contains("[0.5, 0.5, 0.5]", "[0.2, 0.2, 0.2]");

        String verified = "--image-size 16 --data $/pictures";
        notExported("takes images as nchw bgr, expected nchw rgb", saying(Map.of("channels", "bgr")), verified);
        notExported("takes images as nhwc rgb, expected nchw rgb", saying(Map.of("layout", "nhwc")), verified);
        Path said = saying(Map.of("output", "probabilities"));
        notExported("returns probabilities, expected logits", said, "--image-size 16 --classes a,b --no-verify");
        Path seen = home.resolve("softmax.pt");
        String softmax = "def forward(self, x: Tensor) -> Tensor:\n"
                + "    return torch.softmax(torch.mean(x, [2, 3])[:, 0:2], 1)\n";
        try (Script script = Script.compile("Softmax", Map.of(), Map.of(), Map.of(), softmax)) {
            script.save(seen, Map.of());
        }
        notExported("expected logits; save it without its last operation", seen, verified);
    }

    private static void refused(int code, String expected, Object... args) throws IOException {
        Set<String> before = Cli.listing(home);
        Cli.Answer answer = Cli.run(args);
        assertThat(answer.code()).isEqualTo(code);
        assertThat(answer.err()).contains(expected);
        assertThat(answer.err().lines()).hasSize(1);
        assertThat(Cli.listing(home)).isEqualTo(before);
    }

    private static void notExported(String expected, Path model, String options) throws IOException {
        refused(1, expected, "export", "--model", model, Cli.words(options + " --out $/refused", home));
    }

    @Test
    void saysInOneLineWhatIsWrongAndLeavesNothing() throws IOException {
        Path file = foreign();
        notExported("set it with --image-size", file, "--data $/pictures");
        notExported("set them with --classes", file, "--image-size 16 --no-verify");
        notExported(
                "returns 3×2 outputs for three rows; expected 3×3, one column per class",
                file,
                "--image-size 16 --classes a,b,c --no-verify");
        notExported(
                "--classes are [dog, cat], the data's are [cat, dog]",
                file,
                "--image-size 16 --classes dog,cat --data $/pictures");
        notExported("is TorchScript, which is of no architecture", file, "--arch resnet18 --data $/pictures");
        Object[] key = Cli.words("export --model $/foreign.pt --weights-key ema --out $/refused", home);
        refused(2, "--weights-key is for checkpoints, found ", key);
        notExported("calls its classes [cat, dog], found [a, b]", run, "--classes a,b");
        Object[] int8 = Cli.words("export --model $/run --precision int8 --no-verify --out $/refused", home);
        refused(2, "int8 needs data to calibrate on; leave out --no-verify", int8);
        notExported("add onnx to the formats", run, "--softmax --format safetensors");
        refused(1, " is a file, expected a folder", "export", "--model", run, "--out", image.resolve("below"));
        // The error must come before any image is read.
        refused(
                1,
                "exists; choose another --out",
                "export",
                "--model",
                run,
                "--data",
                home.resolve("none"),
                "--out",
                run);
    }

    /** An external project needs only the jars listed in docs/export.md: no LibTorch, no other part of Limbeck. */
    @Test
    void answersWithThePredictorsJarOnnxRuntimeAndTheImageReadersAlone() throws Exception {
        String version = dev.limbeck.Version.number() + ".jar";
        Path predictor = Path.of("../predict/target/limbeck-predict-" + version);
        Path decoder = Path.of("../image/target/limbeck-image-" + version);
        assumeThat(predictor)
                .as("the packaged predictor; it is made by mvn package")
                .isRegularFile();
        assertThat(Files.size(predictor) + Files.size(decoder)).isLessThan(280_000);
        String jar = predictor + File.pathSeparator + decoder;
        String[] wanted = {
            "onnxruntime",
            "imageio-webp",
            "imageio-tiff",
            "imageio-core",
            "imageio-metadata",
            "common-lang",
            "common-io",
            "common-image"
        };
        List<String> jars = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> Arrays.stream(wanted).anyMatch(name -> entry.matches(".*/" + name + "-[0-9.]+\\.jar")))
                .toList();
        assertThat(jars).hasSameSizeAs(wanted);
        Path out = home.resolve("for-the-jars");
        Cli.run("export", "--model", run, "--out", out, "--normalize", "--softmax")
                .done();
        Path source = Files.writeString(home.resolve("One.java"), """
                import dev.limbeck.LimbeckException;
                import dev.limbeck.onnx.OnnxPredictor;
                import java.io.DataInputStream;
                import java.nio.file.Files;
                import java.nio.file.Path;
                import java.util.zip.GZIPInputStream;

                class One {
                    /** Return how many odd files of all are read or refused as expected. */
                    static String odd(OnnxPredictor predictor, Path table, Path file) throws Exception {
                        int right = 0;
                        int count;
                        try (var in = new DataInputStream(new GZIPInputStream(Files.newInputStream(table)))) {
                            count = in.readInt();
                            for (int i = 0; i < count; i++) {
                                in.readUTF();
                                in.readUTF();
                                boolean refused = in.readUTF().equals("refused");
                                in.readInt();
                                in.readUTF();
                                Files.write(file, in.readNBytes(in.readInt()));
                                in.skipNBytes(3L * in.readInt() * in.readInt());
                                try {
                                    predictor.predict(file);
                                    if (!refused) right++;
                                } catch (LimbeckException e) {
                                    if (refused) right++;
                                }
                            }
                        }
                        return " " + right + "/" + count;
                    }

                    public static void main(String[] a) throws Exception {
                        try (OnnxPredictor predictor = OnnxPredictor.open(Path.of(a[0]))) {
                            System.out.print(predictor.predict(Path.of(a[1])).className());
                            System.out.print(odd(predictor, Path.of(a[2]), Path.of(a[3])));
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
                        jar + File.pathSeparator + String.join(File.pathSeparator, jars),
                        source.toString(),
                        out.resolve("model.onnx").toString(),
                        image.toString(),
                        "../core/src/test/resources/decoder-table.gz",
                        home.resolve("odd-image").toString()))
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
        assertThat(said).matches(Pattern.quote(expected) + " (\\d+)/\\1 alone");
    }

    private static JsonNode profiles(String options, Path... models) throws IOException {
        List<Object> arguments = new ArrayList<>(List.of("profile", "--json"));
        arguments.addAll(List.of(options.split(" ")));
        arguments.addAll(List.of(models));
        return Cli.run(arguments.toArray()).done().json();
    }
}
