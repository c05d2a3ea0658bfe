package dev.limbeck.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipArchiveOutputStream;
import org.apache.commons.compress.compressors.bzip2.BZip2CompressorOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

class ArchiveDamageTest {
    private static final int BLOCK = 512;

    @TempDir
    Path root;

    private static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new Random(5).nextBytes(noise);
        return noise;
    }

    private static byte[] tar(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
            for (String name : new String[] {"cat/1", "cat/2"}) {
                TarArchiveEntry entry = new TarArchiveEntry(name);
                entry.setSize(content.length);
                tar.putArchiveEntry(entry);
                tar.write(content);
                tar.closeArchiveEntry();
            }
        }
        return out.toByteArray();
    }

    private void assertRefused(byte[] archive, String... expected) throws IOException {
        Path file = Files.write(root.resolve("a.bin"), archive);
        assertThatThrownBy(() -> Archives.extract(file, root.resolve("out")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageStartingWith(file.toString())
                .hasMessageContainingAll(expected)
                .message()
                .doesNotContain("\n");
        assertThat(root.resolve("out")).doesNotExist();
    }

    private void assertUnpacked(byte[] archive) throws IOException {
        Path out = root.resolve("whole");
        assertThat(Archives.extract(Files.write(root.resolve("b.bin"), archive), out))
                .isEmpty();
        assertThat(out.resolve("cat/2")).exists();
    }

    @ParameterizedTest
    @ValueSource(ints = {ZipArchiveEntry.STORED, ZipArchiveEntry.DEFLATED})
    void aFlippedByteInAZipIsFound(int method) throws IOException {
        Path file = root.resolve("whole.zip");
        byte[] content = noise(4000);
        try (ZipArchiveOutputStream zip = new ZipArchiveOutputStream(file)) {
            for (String name : new String[] {"cat/1", "cat/2"}) {
                ZipArchiveEntry entry = new ZipArchiveEntry(name);
                entry.setMethod(method);
                zip.putArchiveEntry(entry);
                zip.write(content);
                zip.closeArchiveEntry();
            }
        }
        byte[] whole = Files.readAllBytes(file);
        assertUnpacked(whole);
        for (int at = 200; at < 3800; at += 300) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x10;
            assertRefused(flipped, "entry 'cat/1' is damaged");
        }
        byte[] zeroed = whole.clone();
        Arrays.fill(zeroed, 5000, 5400, (byte) 0);
        assertRefused(zeroed, "entry 'cat/2' is damaged");
    }

    @ParameterizedTest
    @ValueSource(strings = {"gz", "bz2", "xz"})
    void aFlippedByteInACompressedTarIsFound(String kind) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream packed = switch (kind) {
            case "gz" -> new GZIPOutputStream(out);
            case "bz2" -> new BZip2CompressorOutputStream(out);
            default -> new XZOutputStream(out, new LZMA2Options(1));
        }) {
            packed.write(tar(noise(4000)));
        }
        byte[] whole = out.toByteArray();
        assertUnpacked(whole);
        for (int at = whole.length / 8; at < whole.length - 400; at += 501) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 0x10;
            assertRefused(flipped, "damaged");
        }
        // The checksum is at the end of a gzip file, after the data that a tar reader reads.
        if (kind.equals("gz")) {
            whole[whole.length - 6] ^= 1;
            assertRefused(whole, "damaged");
        }
    }

    /** Written by {@code tar -c cat | zstd -19 --ultra}, two files of "meow" repeated. */
    private static final String ZSTD =
            "28b52ffd0468b5020082c30b10b0eb20d9b40d06e7caaa59d90a830e532f2234730c9e42c988cb34e6eca3cb92"
                    + "d56f11df91fec8bc55f7ced0cc090c00fd0b7a3016f83164c04c29a9ab322828d5a3032afe3bf2ce565d04c0a0"
                    + "00603b013813b0f1a0";

    @Test
    void aFlippedByteInZstdIsFound() throws IOException {
        byte[] whole = HexFormat.of().parseHex(ZSTD);
        assertUnpacked(whole);
        for (int at = whole.length - 4; at < whole.length; at++) {
            byte[] flipped = whole.clone();
            flipped[at] ^= 1;
            assertRefused(flipped, "damaged");
        }
    }

    @Test
    void aTarThatIsCutBetweenMembersIsFound() throws IOException {
        byte[] whole = tar(noise(BLOCK));
        assertUnpacked(whole);
        assertRefused(Arrays.copyOf(whole, 2 * BLOCK), "is cut off", "after 1 entries");
        assertRefused(Arrays.copyOf(whole, 4 * BLOCK), "is cut off", "after 2 entries");
        assertRefused(Arrays.copyOf(whole, 4 * BLOCK + 100), "is cut off");
        root = Files.createDirectory(root.resolve("one"));
        assertUnpacked(Arrays.copyOf(whole, 5 * BLOCK));
    }

    @Test
    void headersOfATarAreChecked() throws IOException {
        byte[] whole = tar(noise(BLOCK));
        whole[2 * BLOCK] ^= 1;
        assertRefused(whole, "a header's checksum is wrong");
    }

    @Test
    void joinedTarsAreRefused() throws IOException {
        byte[] one = tar(noise(BLOCK));
        byte[] two = Arrays.copyOf(one, 2 * one.length);
        System.arraycopy(one, 0, two, one.length, one.length);
        assertRefused(two, "holds more after its end");
    }
}
