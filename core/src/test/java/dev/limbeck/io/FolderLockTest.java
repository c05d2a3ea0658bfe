package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderLockTest {
    private static final int TURNS = 400;

    @TempDir
    Path folder;

    /** Hold a lock until killed, or increment a counter in a file that only the lock protects. */
    public static final class Other {
        public static void main(String[] args) throws Exception {
            Path file = Path.of(args[0]);
            if (args.length == 1) {
                try (FolderLock lock = FolderLock.take(file, file)) {
                    System.out.println("held");
                    Thread.sleep(60_000);
                }
            }
            count(file, Path.of(args[1]));
        }
    }

    private static void count(Path file, Path counter) throws IOException {
        for (int i = 0; i < TURNS; i++) {
            try (FolderLock lock = FolderLock.await(file, file)) {
                Files.writeString(counter, String.valueOf(Integer.parseInt(Files.readString(counter)) + 1));
            }
        }
    }

    private static Process start(Path... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Other.class.getName()));
        for (Path argument : arguments) command.add(argument.toString());
        return new ProcessBuilder(command).redirectErrorStream(true).start();
    }

    @Test
    void holdsAgainstThreadsAndLeavesNothing() throws IOException {
        Path file = FolderLock.beside(folder.resolve("run"));
        Path what = folder.resolve("run");
        try (FolderLock lock = FolderLock.take(file, what)) {
            assertThatThrownBy(() -> FolderLock.take(file, what))
                    .isInstanceOf(LimbeckException.class)
                    .hasMessage(
                            what + " is being written by another thread of this program; wait until it ends, or choose"
                                    + " another place");
            assertThatThrownBy(() -> FolderLock.check(file, what)).isInstanceOf(LimbeckException.class);
            assertThat(FolderLock.seemsHeld(file)).isTrue();
        }
        assertThat(FolderLock.seemsHeld(file)).isFalse();
        FolderLock.check(file, what);
        FolderLock.take(file, what).close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void saysWhichProcessHoldsItAndForgetsAKilledOne() throws Exception {
        Path file = FolderLock.beside(folder.resolve("run"));
        Process other = start(file);
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("held");
            assertThatThrownBy(() -> FolderLock.take(file, Path.of("run")))
                    .hasMessageMatching("run is being written by process " + other.pid()
                            + " on \\S+ since \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ; wait until it ends, or choose another"
                            + " place");
            assertThat(FolderLock.seemsHeld(file)).isTrue();
        } finally {
            other.destroyForcibly().waitFor();
        }
        assertThat(file).exists();
        assertThat(FolderLock.seemsHeld(file)).as("its process is gone").isFalse();
        String text = Files.readString(file);
        String since = text.substring(text.indexOf("since "), text.indexOf('Z') + 1);
        Files.writeString(
                file,
                text.replace(since, "since 2020-01-01T00:00:00Z")
                        .replace(
                                "process " + other.pid(),
                                "process " + ProcessHandle.current().pid()));
        assertThat(FolderLock.seemsHeld(file)).as("its number is used again").isFalse();
        Files.writeString(file, "process 1 on another-machine since 2020-01-01T00:00:00Z\n");
        assertThat(FolderLock.seemsHeld(file)).isTrue();
        FolderLock.check(file, Path.of("run"));
        FolderLock.take(file, Path.of("run")).close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void oneAtATimeAmongProcessesAndThreads() throws Exception {
        Path file = folder.resolve(".lock");
        Path counter = Files.writeString(folder.resolve("counter"), "0");
        List<Process> others = List.of(start(file, counter), start(file, counter));
        // Temporary files reuse the inode numbers of deleted locks.
        Thread noise = new Thread(() -> {
            try {
                while (!Thread.interrupted()) {
                    Files.delete(Files.createFile(folder.resolve("noise")));
                }
            } catch (IOException e) {
                // stop
            }
        });
        noise.start();
        Thread[] own = new Thread[2];
        for (int i = 0; i < own.length; i++) {
            own[i] = new Thread(() -> {
                try {
                    count(file, counter);
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            own[i].start();
        }
        for (Thread thread : own) thread.join();
        for (Process other : others) {
            assertThat(other.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(new String(other.getInputStream().readAllBytes())).isEmpty();
        }
        noise.interrupt();
        noise.join();
        assertThat(counter).hasContent(String.valueOf(4 * TURNS));
        assertThat(file).doesNotExist();
    }

    @Test
    void clearsWhatKilledProgramsLeftOfOnePlaceOnly() throws IOException {
        Path target = folder.resolve("dist");
        Path left = Files.createDirectories(folder.resolve(".dist." + UUID.randomUUID() + ".tmp/inner"));
        Path others = Files.createFile(folder.resolve(".dist2." + UUID.randomUUID() + ".tmp"));
        Path own = Files.createFile(folder.resolve(".dist.notes.tmp"));
        try (FolderLock lock = FolderLock.take(FolderLock.beside(target), target)) {
            Leftovers.clearBeside(target);
        }
        assertThat(left.getParent()).doesNotExist();
        assertThat(others).exists();
        assertThat(own).exists();
    }
}
