package dev.limbeck.image;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.limbeck.data.image.TestImages;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Test that a file's structure costs time and memory at most in proportion to its bytes. */
@Timeout(60)
class ImageCostTest {
    private static final int WIDTH = 16;
    private static final int HEIGHT = 8;
    private static final double MOST_SECONDS = 1;
    private static final long MOST_BYTES = 64L << 20;
    private static final ThreadMXBean THREAD = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static byte[] png;
    private static byte[] jpeg;
    private static byte[] gif;

    @BeforeAll
    static void readEachOnce() throws IOException {
        png = TestImages.encode(TestImages.plain(WIDTH, HEIGHT, 0x336699), "png");
        jpeg = TestImages.encode(TestImages.plain(WIDTH, HEIGHT, 0x336699), "jpg");
        gif = TestImages.encode(TestImages.plain(WIDTH, HEIGHT, 0x336699), "gif");
        for (byte[] file : new byte[][] {png, jpeg, gif, tiff(), webp(lossless())}) {
            assertThat(ImageDecoder.decode(file).width()).isEqualTo(WIDTH);
        }
    }

    /** Decode within the limits, or fail with an IOException; return the image or the error. */
    private static Object cheap(byte[] file) {
        long id = Thread.currentThread().getId();
        long time = THREAD.getCurrentThreadCpuTime();
        long bytes = THREAD.getThreadAllocatedBytes(id);
        Object found;
        try {
            found = ImageDecoder.decode(file);
        } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank().doesNotContain("\n");
            found = e;
        }
        double seconds = (THREAD.getCurrentThreadCpuTime() - time) / 1e9;
        long allocated = THREAD.getThreadAllocatedBytes(id) - bytes;
        assertThat(seconds).as("seconds of CPU time").isLessThan(MOST_SECONDS);
        assertThat(allocated).as("bytes allocated").isLessThan(MOST_BYTES + 6L * file.length);
        return found;
    }

    private static void assertRead(byte[] file, int width) {
        assertThat(cheap(file))
                .isInstanceOfSatisfying(
                        RgbImage.class, image -> assertThat(image.width()).isEqualTo(width));
    }

    private static byte[] bytes(String latin1) {
        return latin1.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static byte[] joined(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) all.writeBytes(part);
        return all.toByteArray();
    }

    private static byte[] repeated(byte[] part, int times) {
        byte[] all = new byte[part.length * times];
        for (int i = 0; i < times; i++) System.arraycopy(part, 0, all, i * part.length, part.length);
        return all;
    }

    /** Return EXIF data with an orientation. */
    private static byte[] exif(int orientation) {
        return bytes("MM\0*\0\0\0\b\0\1\1\22\0\3\0\0\0\1\0" + (char) orientation + "\0\0\0\0\0\0");
    }

    private static byte[] segment(int marker, byte[] data) {
        int length = data.length + 2;
        return joined(new byte[] {(byte) 0xff, (byte) marker, (byte) (length >> 8), (byte) length}, data);
    }

    private static byte[] inJpeg(byte[]... segments) {
        return joined(Arrays.copyOf(jpeg, 2), joined(segments), Arrays.copyOfRange(jpeg, 2, jpeg.length));
    }

    private static byte[] chunk(String type, byte[] data) {
        // Checksums of chunks other than the pixels are ignored.
        return joined(ByteBuffer.allocate(4).putInt(data.length).array(), bytes(type), data, new byte[4]);
    }

    private static byte[] inPng(byte[]... chunks) {
        return joined(Arrays.copyOf(png, 33), joined(chunks), Arrays.copyOfRange(png, 33, png.length));
    }

    private static byte[] little(long value, int size) {
        return Arrays.copyOf(
                ByteBuffer.allocate(8)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(value)
                        .array(),
                size);
    }

    private static byte[] riff(String kind, byte[] data) {
        return joined(bytes(kind), little(data.length, 4), data, new byte[data.length & 1]);
    }

    private static byte[] webp(byte[]... chunks) {
        return riff("RIFF", joined(bytes("WEBP"), joined(chunks)));
    }

    /** Return a lossless image of one color: five prefix codes of one symbol each (RFC 9649, section 3.7.2). */
    private static byte[] lossless() {
        long bits = 0x2fL | (WIDTH - 1L) << 8 | (HEIGHT - 1L) << 22;
        // No transform, no color cache, no meta codes; then simple codes of one symbol of one bit, 0: 1, 0, 0, 0.
        long codes = 0;
        for (int i = 0; i < 5; i++) codes |= 1L << 3 + 4 * i;
        return riff("VP8L", joined(little(bits, 5), little(codes, 8)));
    }

    private static byte[] entry(int tag, int type, long count, long value) {
        return joined(little(tag, 2), little(type, 2), little(count, 4), little(value, 4));
    }

    /** Return a gray TIFF whose directory, at offset 8, has additional entries and links to a next one. */
    private static byte[] tiff(byte[] more, long next, byte[] rest) {
        int count = 8 + more.length / 12;
        long end = 8 + 2 + 12L * count + 4;
        return joined(
                bytes("II*\0"),
                little(8, 4),
                little(count, 2),
                more,
                entry(256, 3, 1, WIDTH),
                entry(257, 3, 1, HEIGHT),
                entry(258, 3, 1, 8),
                entry(259, 3, 1, 1),
                entry(262, 3, 1, 1),
                entry(273, 4, 1, end),
                entry(278, 3, 1, HEIGHT),
                entry(279, 4, 1, WIDTH * HEIGHT),
                little(next, 4),
                new byte[WIDTH * HEIGHT],
                rest);
    }

    private static byte[] tiff() {
        return tiff(new byte[0], 0, new byte[0]);
    }

    @Test
    void exifInThousandsOfSegments() {
        byte[] data = joined(bytes("Exif\0\0"), exif(6), new byte[1000]);
        assertRead(inJpeg(repeated(segment(0xe1, data), 20_000)), HEIGHT);
        byte[] more = joined(bytes("Exif\0\0"), new byte[10]);
        assertRead(
                inJpeg(segment(0xe1, joined(bytes("Exif\0\0"), exif(6))), repeated(segment(0xe1, more), 400_000)),
                HEIGHT);
    }

    @Test
    void exifInThousandsOfChunks() {
        // As in Pillow, the last one counts in PNG and the first one in WebP.
        byte[] many = repeated(chunk("eXIf", joined(exif(1), new byte[100])), 100_000);
        assertRead(inPng(many, chunk("eXIf", exif(6))), HEIGHT);
        assertRead(inPng(chunk("eXIf", exif(6)), many), WIDTH);
        byte[] webp = repeated(riff("EXIF", joined(exif(1), new byte[100])), 100_000);
        assertRead(webp(lossless(), riff("EXIF", exif(6)), webp), HEIGHT);
        assertRead(webp(lossless(), webp, riff("EXIF", exif(6))), WIDTH);
    }

    @Test
    void xmpInThousandsOfPlaces() {
        byte[] packet = bytes("<x tiff:Orientation=\"6\"/>" + " ".repeat(2000));
        byte[] jpegXmp = segment(0xe1, joined(bytes("http://ns.adobe.com/xap/1.0/\0"), packet));
        assertRead(inJpeg(repeated(jpegXmp, 10_000)), HEIGHT);
        assertRead(
                inPng(repeated(chunk("iTXt", joined(bytes("XML:com.adobe.xmp\0\0\0\0\0"), packet)), 10_000)), HEIGHT);
        assertRead(webp(lossless(), repeated(riff("XMP ", packet), 10_000)), HEIGHT);
    }

    @Test
    void framesInFrames() {
        byte[] nested = lossless();
        ByteBuffer heads = ByteBuffer.allocate(24 * 100_000).order(ByteOrder.LITTLE_ENDIAN);
        for (int depth = 0; depth < 100_000; depth++) {
            int inside = heads.capacity() - 24 * (depth + 1) + nested.length;
            heads.put(bytes("ANMF")).putInt(16 + inside).put(new byte[16]);
        }
        assertThat(cheap(webp(heads.array(), nested))).isInstanceOf(IOException.class);
        assertRead(webp(riff("ANMF", joined(new byte[16], nested))), WIDTH);
        assertRead(webp(riff("ANMF", joined(new byte[16], riff("ANMF", new byte[16]), nested))), WIDTH);
        assertThat(cheap(webp(repeated(riff("ANMF", new byte[16]), 200_000)))).isInstanceOf(IOException.class);
    }

    @Test
    void directoriesThatLeadToThemselvesAndToOthers() {
        assertRead(tiff(new byte[0], 8, new byte[0]), WIDTH);
        int length = tiff().length;
        ByteArrayOutputStream chain = new ByteArrayOutputStream();
        for (int i = 1; i <= 200_000; i++) {
            chain.writeBytes(joined(little(1, 2), entry(254, 4, 1, 0), little(length + 18L * i, 4)));
        }
        assertRead(tiff(new byte[0], length, chain.toByteArray()), WIDTH);
        // Nested directories, as for EXIF, GPS and thumbnails; a single one is the directory that was read.
        for (int tag : new int[] {330, 34665, 34853, 40965}) {
            for (int twice = 1; twice <= 2; twice++) {
                assertRead(tiff(repeated(entry(tag, 4, 1, 8), twice), 0, new byte[0]), WIDTH);
            }
        }
        // Out-of-range values are not read, and later readers must not follow them either.
        assertRead(tiff(entry(34665, 4, 0xffffffffL, 8), 0, new byte[0]), WIDTH);
        assertRead(tiff(repeated(entry(34665, 4, 1, 8), 60_000), 0, new byte[0]), WIDTH);
        assertRead(tiff(repeated(entry(40_000, 2, 4096, 0), 60_000), 0, new byte[4096]), WIDTH);
    }

    /** The decoder must use the sizes that were checked. */
    @Test
    void tagsThatStandTwice() {
        byte[] sizes = joined(entry(256, 4, 1, 60_000), entry(257, 4, 1, 60_000));
        assertRead(tiff(sizes, 0, new byte[0]), WIDTH);
    }

    @Test
    void framesAndBlocksByTheHundredThousand() {
        byte[] body = Arrays.copyOfRange(gif, gifFrame(), gif.length - 1);
        byte[] head = Arrays.copyOf(gif, gifFrame());
        assertRead(joined(head, repeated(body, 100_000), bytes(";")), WIDTH);
        byte[] note = bytes("!\u00fe\1x\0");
        assertRead(joined(head, repeated(note, 1_000_000), body, bytes(";")), WIDTH);
        assertThat(cheap(joined(head, repeated(note, 1_000_000), bytes(";")))).isInstanceOf(IOException.class);
    }

    private static int gifFrame() {
        return 13 + (3 << (gif[10] & 7) + 1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"tEXt", "IDAT", "aaAa", "eXIf", "PLTE", "IHDR"})
    void chunksByTheMillion(String type) {
        byte[] file = inPng(repeated(chunk(type, new byte[0]), 1_000_000));
        if (type.equals("IHDR")) cheap(file);
        else assertRead(file, WIDTH);
    }

    @Test
    void textThatUnpacksToMore() {
        byte[] large = deflated(new byte[64 << 20]);
        byte[] raw = chunk("zTXt", joined(bytes("Raw profile type exif\0\0"), large));
        byte[] xmp = chunk("iTXt", joined(bytes("XML:com.adobe.xmp\0\1\0\0\0"), large));
        byte[] other = chunk("zTXt", joined(bytes("Comment\0\0"), large));
        byte[] profile = chunk("iCCP", joined(bytes("p\0\0"), large));
        assertRead(inPng(repeated(raw, 300)), WIDTH);
        assertRead(inPng(repeated(xmp, 300)), WIDTH);
        assertRead(inPng(repeated(other, 300), profile), WIDTH);
    }

    private static byte[] deflated(byte[] data) {
        Deflater deflater = new Deflater();
        deflater.setInput(data);
        deflater.finish();
        byte[] packed = new byte[data.length / 500];
        int length = deflater.deflate(packed);
        assertThat(deflater.finished()).isTrue();
        deflater.end();
        return Arrays.copyOf(packed, length);
    }

    @ParameterizedTest
    @ValueSource(ints = {0xe0, 0xe1, 0xe2, 0xed, 0xee, 0xef, 0xfe, 0xdb, 0xc4, 0xdd, 0xc0, 0xc8})
    void segmentsByTheThousand(int marker) {
        byte[] file = inJpeg(repeated(segment(marker, new byte[20]), 65_536));
        if (marker >= 0xe0) assertRead(file, WIDTH);
        else cheap(file);
    }

    @Test
    void strayBytesByTheMillion() {
        byte[] empty = segment(0xef, new byte[0]);
        assertRead(inJpeg(empty, new byte[4_000_000]), WIDTH);
        byte[] fill = new byte[4_000_000];
        Arrays.fill(fill, (byte) 0xff);
        assertRead(inJpeg(fill), WIDTH);
        assertRead(joined(jpeg, new byte[4_000_000]), WIDTH);
        assertThat(cheap(joined(Arrays.copyOf(jpeg, jpeg.length - 2), fill))).isInstanceOf(IOException.class);
    }
}
