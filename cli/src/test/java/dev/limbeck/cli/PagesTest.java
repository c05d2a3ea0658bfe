package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Test the commands that write and serve pages about runs. */
class PagesTest {
    private static final Object[] SHAPES = {"--data", "shapes:32:16:16", Cli.TINY};

    @TempDir
    static Path home;

    @BeforeAll
    static void train() {
        Cli.run("train", SHAPES, "--out", home.resolve("runs/one")).done();
    }

    @Test
    void reportWritesAPageOfARunOrAFolder() {
        Path run = home.resolve("runs/one");
        assertThat(Cli.run("report", run).done().out()).contains("written to " + run.resolve("report.html"));
        Path elsewhere = home.resolve("elsewhere.html");
        assertThat(Cli.run("report", run, "--out", elsewhere, "--json")
                        .done()
                        .json()
                        .get("page")
                        .asText())
                .isEqualTo(elsewhere.toString());
        assertThat(elsewhere).content().contains("\"confusion\"", "shapes:32:16:16");
        Cli.run("report", home.resolve("runs")).done();
        assertThat(home.resolve("runs/index.html")).content().contains("\"href\" : \"one/report.html\"");
    }

    @Test
    void reportAndWatchRefuseWhatIsNoRun() {
        Path runs = home.resolve("runs");
        assertThat(Cli.run("report", home.resolve("none")).err()).contains("holds no run");
        assertThat(Cli.run("report", runs, "--out", home.resolve("x.html")).err())
                .contains("leave --out out");
        assertThat(Cli.run("watch", home.resolve("none")).err()).contains("is neither a run nor a folder");
        assertThat(Cli.run("watch", runs, "--port", "70000").err())
                .contains("--port must be at most 65535, found 70000");
    }

    @Test
    void watchServesUntilASignal() throws Exception {
        Path err = home.resolve("watch.txt");
        Process watch = Cli.jvm("watch", home.resolve("runs"), "--port", "0")
                .redirectError(err.toFile())
                .start();
        try (BufferedReader lines = watch.inputReader(StandardCharsets.UTF_8)) {
            Matcher address = Pattern.compile("watching .* at (http://127\\.0\\.0\\.1:\\d+/) \\(Ctrl-C ends it\\)")
                    .matcher(String.valueOf(lines.readLine()));
            assertThat(address.matches()).as(Files.readString(err)).isTrue();
            try (var answer = URI.create(address.group(1) + "?data").toURL().openStream()) {
                assertThat(new ObjectMapper()
                                .readTree(answer)
                                .at("/runs/0/name")
                                .asText())
                        .isEqualTo("one");
            }
            watch.destroy();
            assertThat(watch.waitFor(20, TimeUnit.SECONDS)).isTrue();
        } finally {
            watch.destroyForcibly();
        }
        assertThat(watch.exitValue()).isEqualTo(143);
        assertThat(Files.readString(err)).isEqualToIgnoringNewLines("limbeck: stopped watching");
    }
}
