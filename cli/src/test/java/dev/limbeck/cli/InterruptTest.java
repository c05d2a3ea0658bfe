package dev.limbeck.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.limbeck.model.SavedModel;
import dev.limbeck.train.Checkpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * Test what Ctrl-C leaves, in a separate JVM. The tests send SIGTERM, which the JVM handles like SIGINT. A shell that
 * starts the tests in the background ignores SIGINT, and every child process inherits that.
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
        Process process = start(out, "100000");
        try (BufferedReader lines = process.errorReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); ; line = lines.readLine()) {
                if (line == null) fail("training ended before its second epoch");
                // The checkpoint is written after the row is printed, so the second row means that the first checkpoint
                // exists.
                if (line.matches(" +1 .*")) break;
            }
            new ProcessBuilder("kill", "-TERM", String.valueOf(process.pid()))
                    .start()
                    .waitFor();
            assertThat(lines.lines().collect(Collectors.toList()))
                    .anyMatch(
                            line -> line.matches(
                                    "interrupted; the checkpoint of the last finished epoch is saved, continue with --resume after epoch \\d+"))
                    .noneMatch(line -> line.contains("Exception") || line.contains("a bug"));
            assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isEqualTo(143);
        } finally {
            process.destroyForcibly();
        }
        assertThat(out).doesNotExist();
        Path checkpoint = home.resolve("run.unfinished/checkpoint.safetensors");
        // The kill may have come just before the checkpoint was replaced.
        Path left = Files.exists(checkpoint) ? checkpoint : Checkpoint.previous(checkpoint);
        try (SavedModel kept = SavedModel.open(left, null)) {
            assertThat(kept.classNames()).containsExactly("cat", "dog");
        }
        assertThat(Cli.run("train", "--data", home.resolve("two"), Cli.TINY, "--out", out)
                        .err())
                .contains("left by an interrupted run; continue with --resume, or --overwrite to discard it");
    }

    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aKilledRunIsResumedToTheVerySameWeights() throws IOException, InterruptedException {
        Cli.pictures(home.resolve("two"), "cat", "dog");
        Object[] same = {"--data", home.resolve("two"), "--arch", "cifar-resnet8", "--batch-size", "4", "--epochs", "16"
        };
        Cli.run("train", same, "--out", home.resolve("whole")).done();
        Path out = home.resolve("killed");
        Cli.killInEpoch(3, start(out, "16"));
        assertThat(out).doesNotExist();
        Path checkpoint = home.resolve("killed.unfinished/checkpoint.safetensors");

        assertThat(Cli.run("train", "--resume", "--lr", "0.5", "--out", out).err())
                .contains("cannot resume " + out + ": training.lr is 0.001 against 0.5;");
        Cli.pictures(home.resolve("other"), "cat", "dog", "cow");
        assertThat(Cli.run("train", "--resume", "--data", home.resolve("other"), "--out", out)
                        .err())
                .contains("cannot resume " + out + ": data.source is ");

        // If the checkpoint is damaged, the previous one is used.
        byte[] bytes = Files.readAllBytes(checkpoint);
        Files.write(checkpoint, Arrays.copyOf(bytes, bytes.length / 2));
        Files.writeString(checkpoint.resolveSibling(".checkpoint.safetensors.0.tmp"), "left by the kill");
        assertThat(Cli.run("train", "--resume", "--out", out).done().err())
                .contains("resuming from the previous checkpoint");
        assertThat(out.toFile().list()).containsExactlyInAnyOrder("model.safetensors", "run.json", "epochs.csv");
        assertThat(hash(out)).isEqualTo(hash(home.resolve("whole")));
        assertThat(Cli.run("train", "--resume", "--out", out).err())
                .contains("nothing to resume: " + out + " is complete");
    }

    private static String hash(Path run) throws IOException {
        return Cli.read(run.resolve("run.json")).path("model_sha256").asText();
    }

    private Process start(Path out, String epochs) throws IOException {
        return Cli.start(
                "train",
                "--data",
                home.resolve("two"),
                "--arch",
                "cifar-resnet8",
                "--batch-size",
                "4",
                "--epochs",
                epochs,
                "--out",
                out);
    }
}
