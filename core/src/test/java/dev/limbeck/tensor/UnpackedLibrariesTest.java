package dev.limbeck.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Test that a library which is not yet unpacked, or only in part, is never loaded. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "loaded libraries cannot be deleted there")
class UnpackedLibrariesTest {
    private static final String LARGEST = System.mapLibraryName("torch_cpu");

    @TempDir
    Path folder;

    /** Copy the libraries that this process has unpacked. */
    @BeforeEach
    void unpacked() throws IOException {
        Engine.start();
        Path unpacked = Loader.getCacheDir().toPath();
        try (Stream<Path> files = Files.walk(unpacked)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (Files.isSymbolicLink(file)) continue;
                Path copy = folder.resolve(unpacked.relativize(file));
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    @Test
    void aPartLeftByAKilledProcessIsReplaced() throws IOException, InterruptedException {
        try (RandomAccessFile part = new RandomAccessFile(largest().toFile(), "rw")) {
            part.setLength(200_000_000);
        }
        finishes(List.of(start()));
    }

    @Test
    void severalProcessesUnpackAtOnce() throws IOException, InterruptedException {
        Files.delete(largest());
        finishes(List.of(start(), start(), start()));
    }

    private Path largest() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> file.endsWith(LARGEST)).findFirst().orElseThrow();
        }
    }

    private Process start() throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=/dev/null",
                        "-Dorg.bytedeco.javacpp.cachedir=" + folder,
                        "-cp",
                        System.getProperty("java.class.path"),
                        Starting.class.getName())
                .redirectErrorStream(true)
                .start();
    }

    private static void finishes(List<Process> processes) throws IOException, InterruptedException {
        for (Process process : processes) {
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as(output).isZero();
        }
    }

    /** Start the engine. */
    static final class Starting {
        private Starting() {}

        public static void main(String... arguments) {
            Engine.start();
        }
    }
}
