package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.limbeck.Printable;
import dev.limbeck.nn.StateDict;
import dev.limbeck.weights.Safetensors;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Run every command with names that contain terminal control characters: none is printed raw, and files keep the names.
 */
class HostileNamesTest {
    private static final String RED = "r\u001b[31m\u001b]0;owned\u0007ed";
    private static final String TURNED = "t\u202e\u2066gnp.\u200f\u009b2J|<b>`x`[a](http:";

    @TempDir
    static Path folder;

    private static Path data;
    private static Path run;

    @BeforeAll
    static void train() throws IOException {
        data = Cli.pictures(folder.resolve("data\u001b[1m"), RED, TURNED);
        run = folder.resolve("run");
        clean(Cli.run("train", "--data", data, Cli.TINY, "--image-size", "16", "--lr", "1e-3", "--out", run)
                .done());
    }

    /** Assert that every line is safe to display, and return the output. */
    private static Cli.Answer clean(Cli.Answer answer) {
        for (String printed : List.of(answer.out(), answer.err())) {
            assertThat(printed).isEqualTo(Printable.lines(printed).replace("\t", "?"));
        }
        return answer;
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "evaluate --model $/run --data DATA --split valid",
                "predict --model $/run IMAGE",
                "explain --model $/run IMAGE",
                "inspect $/run",
                "layers $/run",
                "profile $/run",
                "show --data DATA --out $/batch.png",
                "check --data DATA --teacher $/run --arch cifar-resnet8",
                "distill --data DATA --teacher $/run --arch cifar-resnet8 --epochs 1 --batch-size 4 --lr 1e-3 --out $/student",
                "export --model $/run --data DATA --out $/export",
            })
    void commandsShowThemHarmless(String line) throws IOException {
        Path image = data.resolve(RED).resolve("p0.png");
        Object[] words = Stream.of(Cli.words(line, folder))
                .map(word -> word.equals("DATA") ? data : word.equals("IMAGE") ? image : word)
                .toArray();
        clean(Cli.run((Object) words).done());
        if (line.startsWith("distill") || line.startsWith("export")) return;
        JsonNode json = clean(Cli.run(words, "--json").done()).json();
        // The JSON document must contain the unchanged names.
        if (line.startsWith("predict")) {
            assertThat(json.at("/0/probabilities").has(RED)).isTrue();
            assertThat(json.at("/0/probabilities").has(TURNED)).isTrue();
        }
    }

    @Test
    void filesForProgramsKeepNamesAndPagesShowThem() throws IOException {
        Path out = folder.resolve("dist");
        clean(Cli.run("export", "--model", run, "--data", data, "--out", out).done());
        assertThat(Cli.read(run.resolve("run.json")).at("/recipe/data/source").asText())
                .isEqualTo(data.toString());
        assertThat(Safetensors.readMetadata(run.resolve("model.safetensors")).get("classes"))
                .contains("\\u001B[31m")
                .contains("\u202e");
        try (Stream<Path> files = Files.list(out)) {
            Path card = files.filter(file -> file.toString().endsWith(".md"))
                    .findFirst()
                    .orElseThrow();
            String text = Files.readString(card);
            assertThat(text).isEqualTo(Printable.lines(text));
            assertThat(text).contains("\\<b\\>\\`x\\`\\[a\\](http:").doesNotContain("<b>");
        }
        assertThat(Files.readString(run.resolve("epochs.csv"))).doesNotContain("\u001b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "train --data $/none\u001b[2J --arch cifar-resnet8 --out $/x",
                "train --data shapes --arch none\u001b[2J\u009b --out $/x",
                "predict --model $/none\u202e.onnx a.png",
                "inspect $/odd.safetensors",
                "inspect $/odd.pt",
                "inspect $/odd.onnx",
                "train --data $/odd.zip --arch cifar-resnet8 --out $/x",
                "train $/odd.yaml --out $/x",
                "evaluate --model $/run --data DATA --bad\u001b[2Jness",
                "un\u001b[2Jknown",
                "train --epochs x\u001b\u2028y --data shapes"
            })
    void messagesShowThemHarmless(String line) throws IOException {
        String bad = "k\u001b[2J\u009b\u202e\u2028\nlimbeck: done";
        try (StateDict state = new StateDict()) {
            state.metadata().put(bad, bad);
            Safetensors.write(state, folder.resolve("odd.safetensors"));
        }
        Files.write(folder.resolve("odd.onnx"), ("\u0008\u0008\u0012\u0010" + bad).getBytes(StandardCharsets.UTF_8));
        Files.writeString(folder.resolve("odd.yaml"), "\"k\\e[2J\\u202e\": 1\n");
        for (String name : List.of("odd.pt", "odd.zip")) {
            try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(folder.resolve(name)))) {
                zip.putNextEntry(new ZipEntry("a\u001b[2J/data.pkl"));
                zip.write("cos\u001b[2J\nsys\u009btem\n.".getBytes(StandardCharsets.ISO_8859_1));
            }
        }
        Cli.Answer answer = clean(Cli.run((Object) Cli.words(line.replace("DATA", "shapes"), folder)));
        String err =
                answer.err().lines().filter(one -> one.startsWith("limbeck: ")).collect(Collectors.joining());
        if (answer.code() != 0) assertThat(err).isNotEmpty().doesNotContain("limbeck: done");
    }
}
