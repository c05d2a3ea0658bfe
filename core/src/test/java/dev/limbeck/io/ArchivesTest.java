package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import io.airlift.compress.zstd.ZstdOutputStream;
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
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

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

    /** Assert that no temporary folder is left. */
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
    void refusesDevicesAndArchivesOfOutwardLinksAlone() throws IOException {
        assertRefused(tar(false, link("l", TarConstants.LF_FIFO, "")), "is a device");
        assertRefused(tar(false, link("l", TarConstants.LF_CHR, "")), "is a device");
        assertRefused(tar(false, link("l", TarConstants.LF_SYMLINK, "/etc")), "holds no files but links that lead out");
        ZipArchiveEntry symbolic = new ZipArchiveEntry("l");
        symbolic.setUnixMode(0120777);
        assertRefused(zip(symbolic), "holds no files but links to what is not in the archive");
    }

    @Test
    void linksToFilesBecomeCopiesAndOthersAreCounted() throws IOException {
        Path archive = tar(
                true,
                link("set/dog/early.txt", TarConstants.LF_SYMLINK, "../cat/1.txt"),
                entry("set/cat/1.txt"),
                link("set/dog/hard.txt", TarConstants.LF_LINK, "set/cat/1.txt"),
                link("set/dog/chain.txt", TarConstants.LF_SYMLINK, "early.txt"),
                link("set/latest", TarConstants.LF_SYMLINK, "cat"),
                link("set/dog/away.txt", TarConstants.LF_SYMLINK, "/etc/passwd"),
                link("set/dog/up.txt", TarConstants.LF_SYMLINK, "../../../up.txt"),
                link("set/dog/gone.txt", TarConstants.LF_SYMLINK, "gone.txt"));
        assertThat(Archives.extract(archive, folder))
                .containsExactly(
                        archive + ": links that lead out of the archive are left out: 2, such as"
                                + " 'set/dog/away.txt -> /etc/passwd'",
                        archive + ": links to folders became copies of them: 1, such as 'set/latest -> set/cat'",
                        archive + ": links to what is not in the archive are left out: 1, such as"
                                + " 'set/dog/gone.txt -> set/dog/gone.txt'");
        for (String name : new String[] {"early", "hard", "chain"}) {
            Path copy = folder.resolve("set/dog/" + name + ".txt");
            assertThat(Files.isSymbolicLink(copy)).isFalse();
            assertThat(copy).hasBinaryContent(TEXT);
        }
        try (Stream<Path> left = Files.list(folder.resolve("set/dog"))) {
            assertThat(left).hasSize(3);
        }
        assertThat(folder.resolve("set/latest/1.txt")).hasBinaryContent(TEXT);
    }

    @Test
    void noFileIsWrittenThroughALink() throws IOException {
        Path outside = Files.createDirectory(root.resolve("outside"));
        Path archive = tar(
                false,
                link("set", TarConstants.LF_SYMLINK, outside.toString()),
                entry("set/evil.txt"),
                link("in", TarConstants.LF_SYMLINK, "set"),
                entry("in/evil.txt"));
        Archives.extract(archive, folder);
        assertThat(outside).isEmptyDirectory();
        assertThat(folder.resolve("set/evil.txt")).hasBinaryContent(TEXT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gz", "bz2", "xz", "zst", "gz in gz"})
    void compressionIsDetectedByContent(String kind) throws IOException {
        byte[] tar = Files.readAllBytes(tar(false, entry("empty/"), entry("./train/cat/1.txt"), entry("top.txt")));
        Path file = root.resolve("misnamed.zip");
        try (OutputStream out = Files.newOutputStream(file);
                OutputStream packed = switch (kind) {
                    case "gz" -> new GZIPOutputStream(out);
                    case "bz2" -> new BZip2CompressorOutputStream(out);
                    case "xz" -> new XZOutputStream(out, new LZMA2Options(1));
                    case "zst" -> new ZstdOutputStream(out);
                    default -> new GZIPOutputStream(new GZIPOutputStream(out));
                }) {
            packed.write(tar);
        }
        Archives.extract(file, folder);
        assertUnpacked();
        byte[] whole = Files.readAllBytes(file);
        Path cut = root.resolve("cut");
        folder = root.resolve("work2/out");
        for (int length = 8; length < whole.length - 40; length += 20) {
            assertRefused(Files.write(cut, Arrays.copyOf(whole, length)), "");
        }
    }

    @Test
    void namesOfZipEntriesAreReadAsTheyWereMeant() throws IOException {
        // Replace ASCII names by names of the same length in bytes, as written by programs without Unicode support.
        Path backslashes = renamed("set/cat/1.txt", "set\\cat\\1.txt".getBytes(StandardCharsets.US_ASCII));
        assertThat(Archives.extract(backslashes, folder)).isEmpty();
        assertThat(folder.resolve("set/cat/1.txt")).hasBinaryContent(TEXT);
        folder = root.resolve("work/page");
        Path page = renamed("set/M~ller", "set/M\u0081ller".getBytes(StandardCharsets.ISO_8859_1));
        assertThat(Archives.extract(page, folder))
                .containsExactly(page + ": names that do not say their character set are read as code page 437: 1,"
                        + " such as 'set/Müller'");
        assertThat(folder.resolve("set/Müller")).hasBinaryContent(TEXT);
        folder = root.resolve("work/utf8");
        Path utf8 = renamed("set/M~~ller", "set/Müller".getBytes(StandardCharsets.UTF_8));
        assertThat(Archives.extract(utf8, folder)).isEmpty();
        assertThat(folder.resolve("set/Müller")).hasBinaryContent(TEXT);
        folder = root.resolve("work3/climbing");
        assertRefused(renamed("a/b/c/evil", "a\\..\\..\\ev".getBytes(StandardCharsets.US_ASCII)), "may lead out");
    }

    private Path renamed(String name, byte[] other) throws IOException {
        assertThat(other).hasSameSizeAs(name.getBytes(StandardCharsets.US_ASCII));
        Path zip = zip(new ZipArchiveEntry(name));
        String bytes = Files.readString(zip, StandardCharsets.ISO_8859_1)
                .replace(name, new String(other, StandardCharsets.ISO_8859_1));
        byte[] whole = bytes.getBytes(StandardCharsets.ISO_8859_1);
        // The UTF-8 flag in the headers of the entry and of the directory.
        whole[7] &= ~0x08;
        int directory = bytes.indexOf("PK\u0001\u0002");
        whole[directory + 9] &= ~0x08;
        return Files.write(root.resolve("renamed-" + other.length + ".zip"), whole);
    }

    @Test
    void namesAreAsThisSystemHasThem() throws IOException {
        Assumptions.assumeFalse(System.getProperty("os.name").startsWith("Windows"));
        Archives.extract(zip(new ZipArchiveEntry("set/12:30.txt")), folder);
        assertThat(folder.resolve("set/12:30.txt")).exists();
        folder = root.resolve("work/tar");
        TarArchiveEntry backslash = entry("x");
        backslash.setName("set/a\\b.txt");
        Archives.extract(tar(false, backslash), folder);
        assertThat(folder.resolve("set/a\\b.txt")).exists();
        folder = root.resolve("work/case");
        assertThat(Archives.extract(tar(false, entry("Cat/1"), entry("cat/1")), folder))
                .singleElement()
                .asString()
                .contains("differ from another only in case");
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
        assertThatThrownBy(() -> Archives.extract(bomb, folder, 1 << 20, link -> false, notes -> {}))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("out of proportion");
        assertAlone();
        Archives.extract(bomb, folder);
        assertThat(folder.resolve("zeros")).hasSize(size);
    }

    @Test
    void refusesDuplicatesInZips() throws IOException {
        ZipArchiveEntry second = new ZipArchiveEntry("b");
        Path zip = zip(new ZipArchiveEntry("a"), second);
        String bytes = Files.readString(zip, StandardCharsets.ISO_8859_1)
                .replaceAll("(?s)(PK\u0001\u0002.{42})b", "$1a")
                .replaceAll("(?s)(PK\u0003\u0004.{26})b", "$1a");
        assertRefused(Files.writeString(zip, bytes, StandardCharsets.ISO_8859_1), "occurs twice");
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
        assertRefused(Files.writeString(cut, "no archive at all"), "is not a zip or tar");
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
