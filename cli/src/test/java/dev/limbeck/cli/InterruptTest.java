package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.limbeck.train.SavedModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * What Ctrl-C leaves, in a machine of its own. The signal sent is SIGTERM, which the JVM answers as it answers SIGINT: a
 * shell that starts the tests in the background has SIGINT ignored, and every process below inherits that.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "there are no signals to send")
class InterruptTest {
    @TempDir
    Path home;

    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void keepsTheLastFinishedEpoch() throws IOException, InterruptedException {
        Cli.pictures(home.resolve("two"), "cat", "dog");
        Path out = home.resolve("run");
        Process process = start(out);
        try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); ; line = lines.readLine()) {
                if (line == null) fail("training ended before its second epoch");
                // The checkpoint is written after the row, so the second row tells that the first is kept.
                if (line.matches(" +1 .*")) break;
            }
            new ProcessBuilder("kill", "-TERM", String.valueOf(process.pid()))
                    .start()
                    .waitFor();
            assertThat(lines.lines().collect(Collectors.toList()))
                    .contains("interrupted; the last finished epoch is kept in " + out
                            + ".unfinished/checkpoint.safetensors")
                    .noneMatch(line -> line.contains("Exception") || line.contains("a bug"));
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(143);
        } finally {
            process.destroyForcibly();
        }
        assertThat(out).doesNotExist();
        try (SavedModel kept = SavedModel.open(home.resolve("run.unfinished/checkpoint.safetensors"), null)) {
            assertThat(kept.classNames()).containsExactly("cat", "dog");
        }
        assertThat(Cli.run("train", "--data", home.resolve("two"), Cli.TINY, "--out", out)
                        .err())
                .contains("left by an interrupted run; choose another --out, or --overwrite to discard it");
    }

    private Process start(Path out) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx1g",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "dev.limbeck.cli.Main",
                        "train",
                        "--data",
                        home.resolve("two").toString(),
                        "--arch",
                        "cifar-resnet8",
                        "--batch-size",
                        "4",
                        "--epochs",
                        "100000",
                        "--out",
                        out.toString())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
    }
}
