package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.limbeck.nn.StateDict;
import dev.limbeck.run.RunJson;
import dev.limbeck.weights.Safetensors;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.imageio.ImageIO;

/** Run commands in this process and inspect their output and files. */
final class Cli {
    /** The smallest settings that train. */
    static final String[] TINY = {"--epochs", "1", "--arch", "cifar-resnet8", "--batch-size", "4"};

    private static final ObjectMapper JSON = new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Cli() {}

    /** Hold the exit code and the output of a command. */
    record Answer(int code, String out, String err) {
        /** Expect success. */
        Answer done() {
            assertThat(code).as("exit code; stderr: %s", err).isZero();
            return this;
        }

        /** Read standard output, which must be exactly one JSON document. */
        JsonNode json() {
            try {
                return JSON.readTree(out);
            } catch (JsonProcessingException e) {
                throw new AssertionError("standard output is not one JSON document: " + out, e);
            }
        }
    }

    static Answer run(Object... args) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        int code = Main.run(
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false,
                Stream.of(args).flatMap(Cli::flat).map(String::valueOf).toArray(String[]::new));
        return new Answer(code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    }

    /** Write a model as other frameworks do: its weights alone. */
    static void withoutMetadata(Path model, Path file) {
        try (StateDict state = Safetensors.read(model)) {
            state.metadata().clear();
            Safetensors.write(state, file);
        }
    }

    /** Start a command in a JVM of its own. */
    static Process start(Object... args) throws IOException {
        return jvm(args).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    }

    /** Describe a command in a JVM of its own. */
    static ProcessBuilder jvm(Object... args) {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.limbeck.cli.Main"));
        Stream.of(args).flatMap(Cli::flat).map(String::valueOf).forEach(words::add);
        return new ProcessBuilder(words);
    }

    /** Kill a training when it has logged an epoch. */
    static void killInEpoch(int epoch, Process training) throws IOException, InterruptedException {
        List<String> logged = new ArrayList<>();
        try (BufferedReader lines = training.errorReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); ; line = lines.readLine()) {
                if (line == null) throw new AssertionError("the training ended: " + logged);
                logged.add(line);
                if (line.matches(" +" + epoch + " .*")) break;
            }
        }
        training.destroyForcibly().waitFor();
    }

    private static Stream<Object> flat(Object arg) {
        return arg instanceof Object[] many ? Arrays.stream(many).flatMap(Cli::flat) : Stream.of(arg);
    }

    /** Split a line into words, replacing $ by a folder. */
    static Object[] words(String line, Path folder) {
        return Arrays.stream(line.split(" "))
                .map(word -> word.replace("$", folder.toString()))
                .toArray();
    }

    static JsonNode read(Path file) {
        return RunJson.read(file);
    }

    /** Return the paths and sizes of everything under a folder. */
    static Set<String> listing(Path folder) throws IOException {
        try (Stream<Path> paths = Files.walk(folder)) {
            return paths.map(path -> folder.relativize(path) + " "
                            + (Files.isRegularFile(path) ? path.toFile().length() : "folder"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    /** Create ten pictures for each class, in a folder per class. */
    static Path pictures(Path folder, String... classes) throws IOException {
        for (int label = 0; label < classes.length; label++) {
            for (int i = 0; i < 10; i++) {
                picture(folder.resolve(classes[label]).resolve("p" + i + ".png"), label, i);
            }
        }
        return folder;
    }

    private static void picture(Path file, int label, int i) throws IOException {
        BufferedImage image = new BufferedImage(32, 32, BufferedImage.TYPE_INT_RGB);
        Graphics2D pen = image.createGraphics();
        pen.setColor(Color.getHSBColor(label / 5f, 1, 0.5f + i / 20f));
        pen.fillOval(2 + i, 4, 16, 16);
        pen.dispose();
        Files.createDirectories(file.getParent());
        ImageIO.write(image, "png", file.toFile());
    }
}
