package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeftoversTest {
    @TempDir
    Path folder;

    /** Say whether a file can be locked. */
    public static final class Other {
        public static void main(String[] args) throws IOException {
            try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE)) {
                System.out.println(channel.tryLock() == null ? "held" : "free");
            }
        }
    }

    /** Return what another process finds. */
    private static String seen(Path file) throws IOException {
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Other.class.getName(),
                        file.toString())
                .redirectErrorStream(true)
                .start();
        String line = other.inputReader().readLine();
        // Until it ends, it holds the lock that it was given.
        other.onExit().join();
        return line;
    }

    /** On POSIX, closing any channel of a file releases this process's locks of it. */
    @Test
    void clearingKeepsTheLocksOfThisProcess() throws IOException {
        Path written = folder.resolve("." + UUID.randomUUID() + ".tmp");
        try (FileChannel channel = Leftovers.claim(written)) {
            Leftovers.clear(folder);
            assertThat(channel.isOpen()).isTrue();
            assertThat(written).exists();
            assertThat(seen(written)).isEqualTo("held");
        }
        assertThat(seen(written)).isEqualTo("free");
        Leftovers.clear(folder);
        assertThat(written).doesNotExist();
    }
}
