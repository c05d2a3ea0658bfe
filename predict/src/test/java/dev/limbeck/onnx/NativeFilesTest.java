package dev.limbeck.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Arrays;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFilesTest {
    @TempDir
    Path folder;

    private final URL url = NativeFilesTest.class.getResource("/ai/onnxruntime/OnnxTensor.class");

    /** Where programs may not run (noexec), the folder that is really used must be named. */
    @Test
    void namesTheFolderThatIsUsed() {
        String name = "onnxruntime.native.path";
        String before = System.getProperty(name);
        Throwable unlinked = new UnsatisfiedLinkError("no such function");
        try {
            System.clearProperty(name);
            assertThat(NativeFiles.advice(unlinked))
                    .contains("the temporary folder " + System.getProperty("java.io.tmpdir"));
            NativeFiles.prepare();
            assertThat(NativeFiles.advice(unlinked))
                    .contains(
                            "the cache folder " + System.getProperty(name),
                            "XDG_CACHE_HOME",
                            "-Dlimbeck.unpackEachTime=true");
            assertThat(NativeFiles.advice(new NoSuchFileException("/proc/onnxruntime-java1")))
                    .startsWith("the temporary folder ");
            System.setProperty(name, folder.toString());
            assertThat(NativeFiles.advice(unlinked)).contains(folder + ", which -Donnxruntime.native.path names");
        } finally {
            if (before == null) System.clearProperty(name);
            else System.setProperty(name, before);
        }
    }

    @Test
    void aDamagedCopyIsUnpackedAgain() throws IOException {
        ZipEntry entry = ((JarURLConnection) url.openConnection()).getJarEntry();
        Path file = folder.resolve("deep/library");
        NativeFiles.unpack(url, entry, file);
        byte[] whole = Files.readAllBytes(file);
        assertThat(whole).hasSize((int) entry.getSize());
        FileTime written = FileTime.from(Instant.parse("2020-01-01T00:00:00Z"));
        Files.setLastModifiedTime(file, written);
        NativeFiles.unpack(url, entry, file);
        assertThat(Files.getLastModifiedTime(file)).isEqualTo(written);
        Path abandoned = Files.createFile(folder.resolve("deep/unpacking1.tmp"));
        Files.setLastModifiedTime(abandoned, written);
        Path inProgress = Files.createFile(folder.resolve("deep/unpacking2.tmp"));

        byte[] flipped = whole.clone();
        flipped[whole.length / 2] ^= 4;
        for (byte[] damaged : new byte[][] {flipped, Arrays.copyOf(whole, whole.length / 2), {}}) {
            Files.write(file, damaged);
            Files.setLastModifiedTime(file, written);
            NativeFiles.unpack(url, entry, file);
            assertThat(file).hasBinaryContent(whole);
        }
        assertThat(abandoned).doesNotExist();
        assertThat(inProgress).exists();
    }
}
