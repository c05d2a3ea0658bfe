package dev.limbeck.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.limbeck.Limit;
import dev.limbeck.Work;
import dev.limbeck.data.image.Idx;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Test that the time and memory for a small image are proportional to its file. */
class BoundedImagesTest {
    private static final String PROPORTION = "out of proportion";

    private static void assertRefused(String saying, byte[] file) {
        Work.assertRefused(saying, file.length, () -> ImageDecoder.decode(file));
    }

    private static ByteBuffer little(int length) {
        return ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] latin(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) all.writeBytes(part);
        return all.toByteArray();
    }

    private static byte[] chunk(String type, byte[] data) {
        byte[] typed = join(latin(type), data);
        CRC32 crc = new CRC32();
        crc.update(typed);
        return join(
                ByteBuffer.allocate(4).putInt(data.length).array(),
                typed,
                ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    private static byte[] png(int width, int height, int depth, int type, int packed) {
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) depth)
                .put((byte) type)
                .array();
        return join(
                latin("\u0089PNG\r\n\u001a\n"),
                chunk("IHDR", header),
                chunk("IDAT", new byte[packed]),
                chunk("IEND", new byte[0]));
    }

    @ParameterizedTest
    @CsvSource({
        "10000,10000,16,6,9,cut short", "10000,10000,16,6,780000,out of proportion", "65535,1500,1,0,12000,proportion",
        "10000,10000,1,0,12500,proportion", "9999,9999,8,3,97000,proportion", "4000,4000,8,2,9,cut short"
    })
    void pngs(int width, int height, int depth, int type, int packed, String saying) {
        assertRefused(saying, png(width, height, depth, type, packed));
    }

    private static byte[] bmp(int side, int bits, int compression, int colors, byte[] data) {
        return little(54 + data.length)
                .put(latin("BM"))
                .putInt(54 + data.length)
                .putInt(0)
                .putInt(54)
                .putInt(40)
                .putInt(side)
                .putInt(side)
                .putShort((short) 1)
                .putShort((short) bits)
                .putInt(compression)
                .putInt(data.length)
                .putInt(0)
                .putInt(0)
                .putInt(colors)
                .putInt(0)
                .put(data)
                .array();
    }

    @Test
    void bmps() {
        assertRefused("cut short", bmp(4, 8, 0, 0x1fffffff, new byte[0]));
        assertRefused(PROPORTION, bmp(10_000, 24, 0, 0, new byte[0]));
        assertRefused(PROPORTION, bmp(10_000, 8, 1, 256, new byte[1026]));
        assertRefused(PROPORTION, bmp(10_000, 4, 2, 16, new byte[66]));
        assertRefused("damaged", bmp(4, 8, 0, 0x1fffffff, new byte[1500]));
        byte[] file = bmp(4, 24, 0, 0x1fffffff, new byte[1500]);
        Work.assertDone(0, () -> assertThat(ImageDecoder.decode(file).width()).isEqualTo(4));
    }

    private static byte[] gif(int screen, int frame, int filler) {
        byte[] start = little(13)
                .put(latin("GIF89a"))
                .putShort((short) screen)
                .putShort((short) screen)
                .array();
        byte[] image = little(10)
                .put((byte) ',')
                .putInt(0)
                .putShort((short) frame)
                .putShort((short) frame)
                .put((byte) 0x80)
                .array();
        return join(start, image, new byte[6], new byte[] {2, 2, 0x4c, 1, 0}, new byte[filler], latin(";"));
    }

    @Test
    void gifs() {
        assertRefused(PROPORTION, gif(10_000, 10_000, 0));
        assertRefused(PROPORTION, gif(10_000, 1, 0));
        assertRefused("more than", gif(65_535, 1, 0));
        assertRefused("cut short", gif(4_000, 4_000, 0));
    }

    private static byte[] segment(int marker, byte... data) {
        return join(
                new byte[] {(byte) 0xff, (byte) marker},
                ByteBuffer.allocate(2).putShort((short) (data.length + 2)).array(),
                data);
    }

    /**
     * Return a gray progressive JPEG with one scan of equal blocks, then scans of 14 bytes each that change nothing.
     */
    private static byte[] jpeg(int side, int scans) {
        byte[] table = new byte[65];
        Arrays.fill(table, 1, 65, (byte) 1);
        ByteBuffer frame = ByteBuffer.allocate(9)
                .put((byte) 8)
                .putShort((short) side)
                .putShort((short) side)
                .put(new byte[] {1, 1, 0x11, 0});
        int blocks = (side + 7) / 8 * ((side + 7) / 8);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(
                join(new byte[] {(byte) 0xff, (byte) 0xd8}, segment(0xdb, table), segment(0xc2, frame.array())));
        byte[] dc = new byte[18];
        dc[1] = 1;
        byte[] ac = new byte[18];
        ac[0] = 0x10;
        ac[2] = 1;
        ac[17] = (byte) 0xe0;
        file.writeBytes(join(segment(0xc4, dc), segment(0xc4, ac)));
        file.writeBytes(join(segment(0xda, new byte[] {1, 1, 0, 0, 0, 0}), new byte[(blocks + 7) / 8]));
        // An end-of-band run over 32,767 blocks.
        byte[] runs = new byte[2 * (blocks / 32_767 + 1)];
        for (int i = 0; i < runs.length; i++) runs[i] = (byte) (i % 2 == 0 ? 0x3f : 0xfe);
        byte[] scan = join(segment(0xda, new byte[] {1, 1, 0x10, 1, 63, 0}), runs);
        for (int i = 0; i < scans; i++) file.writeBytes(scan);
        file.writeBytes(new byte[] {(byte) 0xff, (byte) 0xd9});
        return file.toByteArray();
    }

    @Test
    void jpegs() {
        assertRefused("in more than 100 scans", jpeg(2_000, 20_000));
        assertRefused("in more than 100 scans", jpeg(8, 100_000));
        assertRefused("in more than 16 scans", jpeg(10_000, 1_000));
        assertRefused(PROPORTION, jpeg(10_000, 1));
        byte[] honest = jpeg(64, 12);
        Work.assertDone(0, () -> assertThat(ImageDecoder.decode(honest).width()).isEqualTo(64));
        // Data after the image, such as a phone's video, does not count as scans.
        byte[] more = join(honest, jpeg(8, 500));
        Work.assertDone(0, () -> assertThat(ImageDecoder.decode(more).width()).isEqualTo(64));
    }

    private static byte[] tiff(int side, int tile, byte[] data, int parts) {
        int[][] tags = {
            {256, 4, 1, side},
            {257, 4, 1, side},
            {258, 3, 1, 8},
            {259, 3, 1, 7},
            {262, 3, 1, 1},
            {277, 3, 1, 1},
            {322, 4, 1, tile},
            {323, 4, 1, tile},
            {324, 4, parts, 0},
            {325, 4, parts, 0}
        };
        int lists = 8 + 2 + 12 * tags.length + 4;
        int at = lists + 8 * parts;
        ByteBuffer file = little(at + data.length).put(latin("II*\0")).putInt(8).putShort((short) tags.length);
        for (int[] tag : tags) {
            int value = tag[3];
            if (tag[0] == 324) value = parts == 1 ? at : lists;
            if (tag[0] == 325) value = parts == 1 ? data.length : lists + 4 * parts;
            file.putShort((short) tag[0])
                    .putShort((short) tag[1])
                    .putInt(tag[2])
                    .putInt(value);
        }
        file.putInt(0);
        for (int i = 0; i < parts; i++) file.putInt(at);
        for (int i = 0; i < parts; i++) file.putInt(data.length);
        return file.put(data).array();
    }

    @Test
    void tiffs() {
        assertRefused("scans", tiff(2_000, 2_000, jpeg(2_000, 20_000), 1));
        assertRefused("overlap", tiff(2_048, 16, jpeg(16, 50), 128 * 128));
        assertRefused(PROPORTION, tiff(10_000, 10_000, jpeg(16, 1), 1));
        assertRefused("tiles", tiff(16, 65_520, jpeg(16, 1), 1));
    }

    private static byte[] webp(String kind, int... data) {
        ByteBuffer file = little(20 + data.length + 40).put(latin("RIFF"));
        file.putInt(12 + data.length + 40).put(latin("WEBP" + kind)).putInt(data.length + 40);
        for (int value : data) file.put((byte) value);
        return file.array();
    }

    @Test
    void webps() {
        // 16,383 or 10,001 pixels per side
        assertRefused("more than", webp("VP8L", 0x2f, 0xfe, 0xbf, 0xff, 0x0f));
        assertRefused(PROPORTION, webp("VP8L", 0x2f, 0x0f, 0xe7, 0xc3, 0x09));
        assertRefused(PROPORTION, webp("VP8X", 0, 0, 0, 0, 0x0f, 0x27, 0, 0x0f, 0x27, 0));
        assertRefused(PROPORTION, webp("VP8 ", 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x0f, 0x27, 0x0f, 0x27));
    }

    @Test
    void limitsCanBeRaised() throws Exception {
        byte[] file = jpeg(16, 200);
        System.setProperty(Limit.JPEG_SCANS.property(), "1000");
        try {
            assertThat(ImageDecoder.decode(file).width()).isEqualTo(16);
            System.setProperty(Limit.JPEG_SCANS.property(), "many");
            assertRefused("expected a positive integer for the property limbeck.limit.jpeg-scans, found 'many'", file);
        } finally {
            System.clearProperty(Limit.JPEG_SCANS.property());
        }
    }

    @Test
    void idxFilesClaimNoMoreThanTheyPack(@TempDir Path folder) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(packed)) {
            gzip.write(ByteBuffer.allocate(16)
                    .putInt(0x803)
                    .putInt(1)
                    .putInt(40_000)
                    .putInt(50_000)
                    .array());
            gzip.write(new byte[100_000]);
        }
        Path file = Files.write(folder.resolve("images.gz"), packed.toByteArray());
        Work.assertRefused("more than its bytes", 0, () -> Idx.read(file, 3));
    }
}
