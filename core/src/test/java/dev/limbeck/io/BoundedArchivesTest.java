package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.Work;
import dev.limbeck.weights.WeightFiles;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Test that time, memory and files are proportional to an archive, and that a rejected archive leaves nothing. */
class BoundedArchivesTest {
    private static final byte[] A_MILLION = "a".repeat(1 << 20).getBytes(StandardCharsets.US_ASCII);

    @TempDir
    Path root;

    private interface Content {
        void write(OutputStream out) throws IOException;
    }

    private Path gzip(Content content) throws IOException {
        Path file = root.resolve("a.tgz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
            content.write(out);
            out.write(new byte[1024]);
        }
        return file;
    }

    private static byte[] header(String name, long size, char type) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0");
        put(header, 124, String.format("%011o\0", size));
        put(header, 136, "00000000000\0");
        put(header, 148, "        ");
        header[156] = (byte) type;
        put(header, 257, "ustar\00000");
        int sum = 0;
        for (byte b : header) sum += b & 0xff;
        put(header, 148, String.format("%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private void assertRefused(String saying, Path archive) throws IOException {
        Work.assertRefused(saying, 8 * Files.size(archive), () -> Archives.extract(archive, root.resolve("out/data")));
    }

    @AfterEach
    void nothingIsLeftOfWhatWasRefused() {
        assertThat(root.resolve("out"))
                .satisfiesAnyOf(
                        out -> assertThat(out).doesNotExist(),
                        out -> assertThat(out).isEmptyDirectory());
    }

    @Test
    void namesAndAttributesOfHundredsOfMegabytes() throws IOException {
        for (char type : new char[] {'L', 'K', 'x', 'X'}) {
            assertRefused("description of an entry takes more than", gzip(out -> {
                out.write(header("p", 64L << 20, type));
                if (type == 'x' || type == 'X') out.write("67108864 path=".getBytes(StandardCharsets.US_ASCII));
                for (int i = 0; i < 64; i++) out.write(A_MILLION);
            }));
        }
        assertRefused("global header", gzip(out -> {
            out.write(header("p", 4096, 'g'));
            out.write(new byte[4096]);
        }));
    }

    @Test
    void headersThatExtendOneAnother() throws IOException {
        assertRefused("more than 16 headers", gzip(out -> {
            for (int i = 0; i < 5_000; i++) {
                out.write(header("././@LongLink", 2, 'L'));
                out.write(Arrays.copyOf(new byte[] {'a'}, 512));
            }
        }));
    }

    @Test
    void entriesThatTakeNoBytes() throws IOException {
        Path archive = gzip(out -> {
            for (int i = 0; i < 30_000; i++) out.write(header("f" + i, 0, '0'));
        });
        // Some thousand entries are allowed before their number is out of proportion.
        Work.assertRefused(
                "entries, out of proportion", 64 << 20, () -> Archives.extract(archive, root.resolve("out/data")));
    }

    @Test
    void foldersInFolders() throws IOException {
        Path tar = tar("deep", "a/".repeat(2_000) + "x");
        assertRefused("more than 64 folders", tar);
    }

    @Test
    void namesThatFileSystemsDoNotAllow() throws IOException {
        assertRefused("a name of more than 255 bytes", tar("long", "y".repeat(256)));
        assertRefused("a name of more than 255 bytes", tar("wide", "ü".repeat(128) + "/x"));
        Path deep = tar("deep", ("y".repeat(250) + "/").repeat(16) + "x");
        assertThatThrownBy(() -> Archives.extract(deep, root.resolve("out/data")))
                .isInstanceOf(LimbeckException.class)
                .message()
                .hasSizeLessThan(600 + root.toString().length());
    }

    @Test
    void contentsThatAreNothingButZeros() throws IOException {
        assertRefused("out of proportion", gzip(out -> {
            out.write(header("x", 512L << 20, '0'));
            for (int i = 0; i < 512; i++) out.write(new byte[1 << 20]);
        }));
    }

    @Test
    void dictionariesThatAreLargerThanTheArchive() throws IOException {
        Path file = root.resolve("a.xz");
        byte[] small = Files.readAllBytes(tar("plain", "x"));
        LZMA2Options options = new LZMA2Options(0);
        options.setDictSize(8 << 20);
        try (OutputStream out = new XZOutputStream(Files.newOutputStream(file), options)) {
            out.write(small);
        }
        byte[] bytes = Files.readAllBytes(file);
        // The dictionary size in the block header, then the header's checksum.
        bytes[16] = 36;
        CRC32 crc = new CRC32();
        crc.update(bytes, 12, 8);
        for (int i = 0; i < 4; i++) bytes[20 + i] = (byte) (crc.getValue() >> 8 * i);
        assertRefused("KiB of memory would be needed", Files.write(file, bytes));
    }

    private Path tar(String name, String... files) throws IOException {
        Path file = root.resolve(name + ".tar");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
            tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_GNU);
            for (String one : files) {
                tar.putArchiveEntry(new TarArchiveEntry(one, true));
                tar.closeArchiveEntry();
            }
        }
        return file;
    }

    private Path links(int count, Link link) throws IOException {
        Path file = root.resolve("links.tar");
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(Files.newOutputStream(file))) {
            for (int i = 0; i < count; i++) {
                TarArchiveEntry entry = new TarArchiveEntry(link.name(i), TarConstants.LF_SYMLINK, true);
                entry.setLinkName(link.target(i));
                tar.putArchiveEntry(entry);
                tar.closeArchiveEntry();
            }
            tar.putArchiveEntry(new TarArchiveEntry("d/f", true));
            tar.closeArchiveEntry();
        }
        return file;
    }

    private interface Link {
        String at(int i);

        default String name(int i) {
            return at(i).split(" ")[0];
        }

        default String target(int i) {
            return at(i).split(" ")[1];
        }
    }

    /** Each link points to the next, the last one to the file; all become copies in one pass. */
    @Test
    void chainsOfLinks() throws IOException {
        int count = 1_500;
        Path archive = links(count, i -> "l" + i + " " + (i == count - 1 ? "d/f" : "l" + (i + 1)));
        Path folder = root.resolve("chain");
        Work.assertDone(16 << 20, () -> Archives.extract(archive, folder));
        assertThat(folder.toFile().list()).hasSize(count + 1);
    }

    @Test
    void linksToFoldersThatMultiply() throws IOException {
        // Each folder contains two links to the previous one.
        assertRefused("out of proportion", links(60, i -> {
            int level = i / 2;
            String to = level == 0 ? "../d" : "../m" + (level - 1);
            return "m" + level + "/" + i % 2 + " " + to;
        }));
        assertRefused("links to folders", links(400, i -> "n" + i + " d"));
    }

    @Test
    void safetensorsHeadersThatAreNoHeaders() throws IOException {
        for (String header : new String[] {
            "{\"a\":[" + "[],".repeat(4_000_000) + "[]]}",
            "{\"a\":{\"shape\":[" + "0,".repeat(4_000_000) + "0]}}",
            "{" + repeated(150_000) + "\"z\":{}}",
            "{\"a\":" + "{\"b\":".repeat(900) + "1" + "}".repeat(901)
        }) {
            byte[] text = header.getBytes(StandardCharsets.UTF_8);
            Path file = Files.write(
                    root.resolve("a.safetensors"),
                    ByteBuffer.allocate(8 + text.length)
                            .order(ByteOrder.LITTLE_ENDIAN)
                            .putLong(text.length)
                            .put(text)
                            .array());
            Work.assertRefused("a.safetensors: the header ", text.length, () -> WeightFiles.open(file));
        }
    }

    private static String repeated(int count) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < count; i++) text.append('"').append(i).append("\":{},");
        return text.toString();
    }
}
