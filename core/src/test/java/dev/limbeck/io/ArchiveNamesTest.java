package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ArchiveNamesTest {
    @TempDir
    Path root;

    private Path folder;

    @BeforeEach
    void makeFolder() {
        folder = root.resolve("out");
    }

    private record Member(String name, byte type, String text) {
        static Member file(String name, String text) {
            return new Member(name, TarConstants.LF_NORMAL, text);
        }
    }

    /** Write names in a character set, long names in GNU tar's format. */
    private Path tar(Charset charset, Member... members) throws IOException {
        Path file = root.resolve("a.tar");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file), charset.name())) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (Member member : members) {
                TarArchiveEntry entry = new TarArchiveEntry(member.name, member.type, true);
                boolean link = entry.isLink() || entry.isSymbolicLink();
                byte[] content = member.text.getBytes(StandardCharsets.UTF_8);
                if (link) entry.setLinkName(member.text);
                else entry.setSize(content.length);
                tar.putArchiveEntry(entry);
                if (!link) tar.write(content);
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private Path zip(Charset charset, String... names) throws IOException {
        Path file = root.resolve("a.zip");
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
            zip.setEncoding(charset.name());
            zip.setUseLanguageEncodingFlag(false);
            for (String name : names) {
                zip.putArchiveEntry(new ZipArchiveEntry(name));
                zip.write(name.getBytes(StandardCharsets.UTF_8));
                zip.closeArchiveEntry();
            }
        }
        return file;
    }

    private List<String> folders() throws IOException {
        try (Stream<Path> found = Files.list(folder)) {
            return new ArrayList<>(
                    found.map(path -> path.getFileName().toString()).sorted().toList());
        }
    }

    private void assertRefused(Path archive, String... expected) {
        assertThatThrownBy(() -> Archives.extract(archive, folder))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(archive.toString())
                .hasMessageContainingAll(expected)
                .message()
                .doesNotContain("\n");
        assertThat(folder).doesNotExist();
    }

    @ParameterizedTest
    @CsvSource({"ISO-8859-1,B\u00e4r,B\u00f6r", "windows-1252,\u201eB,\u201cB"})
    void differentBytesInTarsStayDifferent(String charset, String one, String other) throws IOException {
        Path tar = tar(
                Charset.forName(charset),
                Member.file("first/0", ""),
                Member.file(one + "/1", "1"),
                Member.file(other + "/2", "2"),
                Member.file(other + "/" + "x".repeat(120), "long"));
        assertThat(Archives.extract(tar, folder))
                .containsExactly(
                        tar + ": names that are not UTF-8 are read as windows-1252: 3, such as '" + one + "/1'");
        assertThat(folders()).containsExactlyInAnyOrder("first", one, other);
        assertThat(folder.resolve(other + "/2")).hasContent("2");
        assertThat(folder.resolve(other + "/" + "x".repeat(120))).hasContent("long");
    }

    @Test
    void oneCodePageReadsAllNamesOfATar() throws IOException {
        // The bytes of the first name are valid UTF-8 by chance; those of the last are invalid in windows-1252.
        Charset bytes = StandardCharsets.ISO_8859_1;
        Path tar = tar(
                bytes,
                Member.file("\u00c3\u00a8/1", "1"),
                Member.file("\u00e8/2", "2"),
                Member.file("\u0081\u0090/3", "3"));
        assertThat(Archives.extract(tar, folder)).singleElement().asString().contains("read as IBM437: 3,");
        assertThat(folders()).hasSize(3);
    }

    @Test
    void namesInUtf8AreRead() throws IOException {
        String name = "K\u00f6ter/\u732b" + "x".repeat(120);
        assertThat(Archives.extract(tar(StandardCharsets.UTF_8, Member.file(name, "1")), folder))
                .isEmpty();
        assertThat(folder.resolve(name)).hasContent("1");
    }

    @Test
    void namesInExtendedHeadersAreRead() throws IOException {
        Path file = root.resolve("a.tar");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file), "UTF-8")) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
            tar.setAddPaxHeadersForNonAsciiNames(true);
            for (String name : new String[] {"B\u00e4r/1", "\u732b/" + "x".repeat(120)}) {
                tar.putArchiveEntry(new TarArchiveEntry(name, true));
                tar.closeArchiveEntry();
            }
        }
        assertThat(Archives.extract(file, folder)).isEmpty();
        assertThat(folders()).containsExactlyInAnyOrder("B\u00e4r", "\u732b");
        // bsdtar and Python write non-UTF-8 names like this.
        byte[] raw = Files.readAllBytes(file);
        String text = new String(raw, StandardCharsets.ISO_8859_1).replace("path=B\u00c3\u00a4r/1", "path=B\u00e4or/1");
        Files.writeString(file, text, StandardCharsets.ISO_8859_1);
        folder = root.resolve("binary");
        assertThat(Archives.extract(file, folder)).singleElement().asString().contains("B\u00e4or/1");
        assertThat(folders()).containsExactlyInAnyOrder("B\u00e4or", "\u732b");
    }

    @Test
    void namesThatBecomeOnePathAreRefused() throws IOException {
        Path zip = zip(Charset.forName("IBM437"), "K\u00f6ter/1", "Hund/1");
        String whole = Files.readString(zip, StandardCharsets.ISO_8859_1);
        assertThat(Archives.extract(zip, folder))
                .singleElement()
                .asString()
                .contains("code page 437: 1, such as 'K\u00f6ter/1'");
        assertThat(folders()).containsExactlyInAnyOrder("Hund", "K\u00f6ter");
        folder = root.resolve("again");
        // Another entry is marked as UTF-8 and maps to the same folder.
        String utf8 = new String("\u00f6r/1".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        zip = zip(Charset.forName("IBM437"), "\u00f6r/1", "B\u00e4r/2", "Hun/1");
        whole = Files.readString(zip, StandardCharsets.ISO_8859_1).replace("Hun/1", utf8);
        byte[] bytes = whole.getBytes(StandardCharsets.ISO_8859_1);
        for (int at = whole.indexOf(utf8); at >= 0; at = whole.indexOf(utf8, at + 1)) {
            int local = whole.lastIndexOf("PK\u0003\u0004", at);
            int central = whole.lastIndexOf("PK\u0001\u0002", at);
            bytes[central > local ? central + 9 : local + 7] |= 0x08;
        }
        assertRefused(Files.write(zip, bytes), "'\u00f6r'", "two different names");
    }

    @Test
    void filesThatMacosKeepsForItselfAreSkipped() throws IOException {
        String[] names = {"data/cat/1", "data/Icon\r", "__MACOSX/data/._Icon\r", "data/._a\u0001"};
        assertThat(Archives.extract(zip(StandardCharsets.UTF_8, names), folder)).isEmpty();
        assertThat(folders()).containsExactly("data");
        folder = root.resolve("tar");
        Member[] members = Stream.of(names).map(name -> Member.file(name, "")).toArray(Member[]::new);
        assertThat(Archives.extract(tar(StandardCharsets.UTF_8, members), folder))
                .isEmpty();
        assertThat(folder.resolve("data/cat/1")).exists();
        assertThat(folder.resolve("data/Icon\r")).doesNotExist();
        folder = root.resolve("up");
        assertRefused(zip(StandardCharsets.UTF_8, "data/Icon\r/1"), "may lead out");
    }

    @Test
    void theLastEntryOfANameInATarCounts() throws IOException {
        Path tar = tar(
                StandardCharsets.UTF_8,
                Member.file("a/1", "old"),
                new Member("hard", TarConstants.LF_LINK, "a/1"),
                Member.file("./a/1", "new"),
                new Member("b", TarConstants.LF_SYMLINK, "a/1"),
                Member.file("b", "file"));
        assertThat(Archives.extract(tar, folder))
                .containsExactly(tar + ": of entries that occur twice the last is taken: 2, such as './a/1'");
        Map.of("a/1", "new", "hard", "old", "b", "file")
                .forEach((name, text) -> assertThat(folder.resolve(name)).hasContent(text));
    }

    @Test
    void incrementalArchivesAndLabelsAreRead() throws IOException {
        Path tar = tar(
                StandardCharsets.UTF_8,
                new Member("backup", (byte) 'V', ""),
                Member.file("cat+", "Y1\0Y2\0\0"),
                Member.file("cat/1", "1"));
        // The library cannot write this type, so the previous file's type and checksum are changed.
        byte[] bytes = Files.readAllBytes(tar);
        int at = 512;
        bytes[at + 3] = '/';
        bytes[at + 156] = 'D';
        byte[] header = Arrays.copyOfRange(bytes, at, at + 512);
        Arrays.fill(header, 148, 156, (byte) ' ');
        long sum = 0;
        for (byte b : header) sum += b & 0xff;
        byte[] octal = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(octal, 0, bytes, at + 148, octal.length);
        Archives.extract(Files.write(tar, bytes), folder);
        assertThat(folders()).containsExactly("cat");
        assertThat(folder.resolve("cat/1")).hasContent("1");
    }

    @Test
    void linksToFoldersBecomeCopies() throws IOException {
        Path tar = tar(
                StandardCharsets.UTF_8,
                new Member("valid", TarConstants.LF_SYMLINK, "test"),
                new Member("later", TarConstants.LF_SYMLINK, "valid/cat"),
                new Member("test/round", TarConstants.LF_SYMLINK, ".."),
                new Member("test/dog", TarConstants.LF_SYMLINK, "cat"),
                Member.file("test/cat/1", "1"));
        assertThat(Archives.extract(tar, folder))
                .containsExactlyInAnyOrder(
                        tar + ": links to folders became copies of them: 3, such as 'test/dog -> test/cat'",
                        tar + ": links to folders around them, or where a folder lies, are left out: 1, such as"
                                + " 'test/round -> '");
        for (String name : List.of("valid/cat", "valid/dog", "later", "test/dog")) {
            assertThat(folder.resolve(name + "/1")).hasContent("1");
        }
        assertThat(folder.resolve("valid")).isDirectory();
        assertThat(Files.isSymbolicLink(folder.resolve("valid"))).isFalse();
    }

    @Test
    void neededLinksAreNotLeftOut() throws IOException {
        Path tar = tar(
                StandardCharsets.UTF_8,
                Member.file("train/cat/1", "1"),
                new Member("valid", TarConstants.LF_SYMLINK, "/data/valid"));
        assertThatThrownBy(() -> Archives.extract(tar, folder, "valid"::equals, notes -> {}))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("the link 'valid -> /data/valid' may stand for a split");
        assertThat(Archives.extract(tar, folder)).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "377abcaf271c0004,is a 7-Zip archive",
                "526172211a070100,is a RAR archive",
                "3c21444f43545950452068746d6c3e3c68746d6c3e,is a web page",
                "efbbbf0a3c68746d6c3e,is a web page",
                "76657273696f6e2068747470733a2f2f6769742d6c66732e6769746875622e636f6d,is a Git LFS pointer",
                "4d5a9000,is a Windows program",
                "50415231,is a Parquet file",
                ",is empty"
            })
    void otherKindsAreNamed(String hex, String expected) throws IOException {
        byte[] start = HexFormat.of().parseHex(hex == null ? "" : hex);
        assertRefused(Files.write(root.resolve("data.zip"), start), expected);
    }
}
