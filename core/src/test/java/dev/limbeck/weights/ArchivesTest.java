package dev.limbeck.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArchivesTest {
    private static final byte[] TEXT = "hello".getBytes(StandardCharsets.UTF_8);

    @TempDir
    Path root;

    private Path folder;

    @BeforeEach
    void makeFolder() {
        folder = root.resolve("work/out");
    }

    private Path tar(boolean gzip, TarArchiveEntry... entries) throws IOException {
        Path file = root.resolve("a.bin");
        try (OutputStream out = Files.newOutputStream(file);
                OutputStream packed = gzip ? new GZIPOutputStream(out) : out;
                TarArchiveOutputStream tar = new TarArchiveOutputStream(packed)) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            for (TarArchiveEntry entry : entries) {
                boolean filled = entry.isFile() && !entry.isLink() && !entry.isSymbolicLink() && !entry.isFIFO();
                if (filled) entry.setSize(TEXT.length);
                tar.putArchiveEntry(entry);
                if (filled) tar.write(TEXT);
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private static TarArchiveEntry entry(String name) {
        return new TarArchiveEntry(name, true);
    }

    private static TarArchiveEntry link(String name, byte type, String to) {
        TarArchiveEntry link = new TarArchiveEntry(name, type, true);
        link.setLinkName(to);
        return link;
    }

    private Path zip(ZipArchiveEntry... entries) throws IOException {
        Path file = root.resolve("a.bin");
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
            for (ZipArchiveEntry entry : entries) {
                zip.putArchiveEntry(entry);
                if (!entry.isDirectory()) zip.write(TEXT);
                zip.closeArchiveEntry();
            }
        }
        return file;
    }

    private void assertUnpacked() throws IOException {
        assertThat(folder.resolve("train/cat/1.txt")).hasBinaryContent(TEXT);
        assertThat(folder.resolve("top.txt")).hasBinaryContent(TEXT);
        assertThat(folder.resolve("empty")).isEmptyDirectory();
        assertAlone("out");
    }

    /** Whatever happened, no temporary folder is left. */
    private void assertAlone(String... names) throws IOException {
        if (!Files.exists(folder.getParent())) return;
        try (Stream<Path> files = Files.list(folder.getParent())) {
            assertThat(files.map(path -> path.getFileName().toString())).containsExactlyInAnyOrder(names);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void unpacksTar(boolean gzip) throws IOException {
        Archives.extract(tar(gzip, entry("empty/"), entry("./train/cat/1.txt"), entry("top.txt")), folder);
        assertUnpacked();
    }

    @Test
    void unpacksZipIntoAnEmptyFolder() throws IOException {
        Files.createDirectories(folder);
        Path zip = zip(
                new ZipArchiveEntry("empty/"), new ZipArchiveEntry("train/cat/1.txt"), new ZipArchiveEntry("top.txt"));
        Archives.extract(zip, folder);
        assertUnpacked();
    }

    @Test
    void unpacksLongNames() throws IOException {
        String name = "d".repeat(150) + "/" + "f".repeat(150);
        Archives.extract(tar(true, entry(name)), folder);
        assertThat(folder.resolve(name)).hasBinaryContent(TEXT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "a/../../evil", "/evil", "a/..", "..", "a\\..\\evil", "C:/evil", "a\u0001b"})
    void refusesPathsThatLeadOut(String name) throws IOException {
        TarArchiveEntry raw = entry("x");
        raw.setName(name);
        assertRefused(tar(true, entry("ok"), raw), "may lead out");
        assertRefused(zip(new ZipArchiveEntry("ok"), new ZipArchiveEntry(name)), "");
        assertThat(root.resolve("evil")).doesNotExist();
        assertThat(root.resolve("work/evil")).doesNotExist();
        assertThat(Path.of("/evil")).doesNotExist();
    }

    @Test
    void refusesLinksAndDevices() throws IOException {
        assertRefused(tar(false, link("l", TarConstants.LF_SYMLINK, "/etc")), "is a link");
        assertRefused(tar(false, entry("a"), link("l", TarConstants.LF_LINK, "a")), "is a link");
        assertRefused(tar(false, link("l", TarConstants.LF_FIFO, "")), "is a link");
        assertRefused(tar(false, link("l", TarConstants.LF_CHR, "")), "is a link");
        ZipArchiveEntry symbolic = new ZipArchiveEntry("l");
        symbolic.setUnixMode(0120777);
        assertRefused(zip(symbolic), "is a link");
    }

    @Test
    void refusesWhatGrowsOutOfProportion() throws IOException {
        Path bomb = root.resolve("bomb.tgz");
        int size = 20 << 20;
        try (TarArchiveOutputStream tar =
                new TarArchiveOutputStream(new GZIPOutputStream(Files.newOutputStream(bomb)))) {
            TarArchiveEntry zeros = entry("zeros");
            zeros.setSize(size);
            tar.putArchiveEntry(zeros);
            tar.write(new byte[size]);
            tar.closeArchiveEntry();
        }
        assertThatThrownBy(() -> Archives.extract(bomb, folder, 1 << 20))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("out of proportion");
        assertAlone();
        Archives.extract(bomb, folder);
        assertThat(folder.resolve("zeros")).hasSize(size);
    }

    @Test
    void refusesDuplicates() throws IOException {
        assertRefused(tar(true, entry("a"), entry("a")), "occurs twice");
    }

    @Test
    void refusesDamage() throws IOException {
        byte[] whole = Files.readAllBytes(tar(true, entry("a"), entry("b/c")));
        Path cut = root.resolve("cut.tgz");
        for (int length = 0; length < whole.length - 8; length += 5) {
            assertRefused(Files.write(cut, Arrays.copyOf(whole, length)), "");
        }
        byte[] zip = Files.readAllBytes(zip(new ZipArchiveEntry("a"), new ZipArchiveEntry("b/c")));
        for (int length = 0; length < zip.length; length += 5) {
            assertRefused(Files.write(cut, Arrays.copyOf(zip, length)), "");
        }
        assertRefused(Files.writeString(cut, "no archive at all"), "is no tar");
        assertRefused(root, "is a folder");
        assertRefused(root.resolve("none.zip"), "no such file");
    }

    @Test
    void keepsAFolderThatIsThere() throws IOException {
        Files.createDirectories(folder);
        Files.writeString(folder.resolve("mine"), "mine");
        assertThatThrownBy(() -> Archives.extract(tar(true, entry("a")), folder))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("is there already");
        assertThat(folder.resolve("mine")).hasContent("mine");
        assertAlone("out");
    }

    private void assertRefused(Path archive, String expected) throws IOException {
        assertThatThrownBy(() -> Archives.extract(archive, folder))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining(archive.toString())
                .hasMessageContaining(expected)
                .message()
                .doesNotContain("\n");
        assertAlone();
    }
}
