package dev.limbeck.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.Draws;
import dev.limbeck.data.image.TestImages;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    private static final int RED = 0xe01020;
    private static final int GREEN = 0x20d040;
    private static final int BLUE = 0x3040f0;
    private static final int YELLOW = 0xf0e030;

    private static final byte[] JPEG = jpeg();

    private static byte[] jpeg() {
        try {
            return TestImages.encode(TestImages.quadrants(32, 16, RED, GREEN, BLUE, YELLOW), "jpg");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp", "gif"})
    void readsLosslessFormatsExactly(String format) throws IOException {
        BufferedImage image = TestImages.quadrants(9, 7, RED, GREEN, BLUE, YELLOW);
        RgbImage read = ImageDecoder.decode(TestImages.encode(image, format));
        assertThat(read.width()).isEqualTo(9);
        assertThat(read.height()).isEqualTo(7);
        for (int i = 0; i < 63; i++) {
            assertThat(TestImages.pixel(read, i % 9, i / 9)).isEqualTo(image.getRGB(i % 9, i / 9) & 0xffffff);
        }
    }

    @Test
    void readsJpegClosely() throws IOException {
        RgbImage read = ImageDecoder.decode(JPEG);
        assertNear(TestImages.pixel(read, 4, 4), RED, 6);
        assertNear(TestImages.pixel(read, 28, 12), YELLOW, 6);
    }

    @Test
    void takesGrayValuesAsTheyAre() throws IOException {
        BufferedImage gray = new BufferedImage(3, 2, BufferedImage.TYPE_BYTE_GRAY);
        gray.getRaster().setPixels(0, 0, 3, 2, new int[] {0, 50, 100, 150, 200, 255});
        for (String format : new String[] {"png", "bmp"}) {
            assertThat(ImageDecoder.decode(TestImages.encode(gray, format)).rgb())
                    .isEqualTo(bytes(0, 0, 0, 50, 50, 50, 100, 100, 100, 150, 150, 150, 200, 200, 200, 255, 255, 255));
        }
        BufferedImage flat = new BufferedImage(16, 16, BufferedImage.TYPE_BYTE_GRAY);
        Arrays.fill(((DataBufferByte) flat.getRaster().getDataBuffer()).getData(), (byte) 77);
        assertNear(TestImages.pixel(ImageDecoder.decode(TestImages.encode(flat, "jpg")), 8, 8), 0x4d4d4d, 1);
    }

    @Test
    void keepsTheUpperBitsOf16() throws IOException {
        BufferedImage gray = new BufferedImage(2, 1, BufferedImage.TYPE_USHORT_GRAY);
        gray.getRaster().setPixels(0, 0, 2, 1, new int[] {0x1234, 0xfedc});
        assertThat(ImageDecoder.decode(TestImages.encode(gray, "png")).rgb())
                .isEqualTo(bytes(0x12, 0x12, 0x12, 0xfe, 0xfe, 0xfe));
        assertThat(ImageDecoder.decode(png(2, 1, 16, 2, bytes(0, 0x12, 1, 0x34, 2, 0x56, 3, 0x78, 4, 0x9a, 5, 0xbc, 6)))
                        .rgb())
                .isEqualTo(bytes(0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc));
    }

    @Test
    void dropsAlpha() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_ARGB);
        image.setRGB(0, 0, 0x00102030);
        image.setRGB(1, 0, 0x80a0b0c0);
        assertThat(ImageDecoder.decode(TestImages.encode(image, "png")).rgb())
                .isEqualTo(bytes(0x10, 0x20, 0x30, 0xa0, 0xb0, 0xc0));
        // Gray with alpha.
        assertThat(ImageDecoder.decode(png(2, 1, 8, 4, bytes(0, 9, 0, 200, 255)))
                        .rgb())
                .isEqualTo(bytes(9, 9, 9, 200, 200, 200));
    }

    @ParameterizedTest
    @ValueSource(
            ints = {BufferedImage.TYPE_4BYTE_ABGR_PRE, BufferedImage.TYPE_INT_ARGB_PRE, BufferedImage.TYPE_4BYTE_ABGR})
    void colorsAreThoseBeforeAlpha(int type) {
        BufferedImage image = new BufferedImage(2, 1, type);
        image.setRGB(0, 0, 0x80a0b0c0);
        image.setRGB(1, 0, 0xff102030);
        RgbImage read = RgbImage.of(image);
        assertNear(TestImages.pixel(read, 0, 0), 0xa0b0c0, 1);
        assertThat(TestImages.pixel(read, 1, 0)).isEqualTo(0x102030);
    }

    @Test
    void colorsOfAnotherSpaceAreConverted() {
        ColorSpace cmyk = new ColorSpace(ColorSpace.TYPE_CMYK, 4) {
            @Override
            public float[] toRGB(float[] inks) {
                float light = 1 - inks[3];
                return new float[] {(1 - inks[0]) * light, (1 - inks[1]) * light, (1 - inks[2]) * light};
            }

            @Override
            public float[] fromRGB(float[] rgb) {
                throw new UnsupportedOperationException();
            }

            @Override
            public float[] toCIEXYZ(float[] inks) {
                throw new UnsupportedOperationException();
            }

            @Override
            public float[] fromCIEXYZ(float[] xyz) {
                throw new UnsupportedOperationException();
            }
        };
        WritableRaster inks = Raster.createInterleavedRaster(DataBuffer.TYPE_BYTE, 2, 1, 4, null);
        inks.setPixels(0, 0, 2, 1, new int[] {255, 0, 0, 0, 0, 51, 102, 51});
        ComponentColorModel model =
                new ComponentColorModel(cmyk, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        RgbImage read = RgbImage.of(new BufferedImage(model, inks, false, null));
        assertThat(TestImages.pixel(read, 0, 0)).isEqualTo(0x00ffff);
        assertNear(TestImages.pixel(read, 1, 0), 0xcca37a, 1);
    }

    @Test
    void looksPalettesUpWithFewBitsAndTransparency() throws IOException {
        byte[] reds = bytes(10, 20, 30, 40);
        byte[] greens = bytes(50, 60, 70, 80);
        byte[] blues = bytes(90, 100, 110, 120);
        IndexColorModel palette = new IndexColorModel(2, 4, reds, greens, blues, 1);
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_BINARY, palette);
        image.getRaster().setPixels(0, 0, 4, 1, new int[] {3, 2, 1, 0});
        byte[] expected = bytes(40, 80, 120, 30, 70, 110, 20, 60, 100, 10, 50, 90);
        assertThat(ImageDecoder.decode(TestImages.encode(image, "png")).rgb()).isEqualTo(expected);
    }

    @Test
    void readsOneBitGray() throws IOException {
        assertThat(ImageDecoder.decode(png(3, 1, 1, 0, bytes(0, 0b10100000))).rgb())
                .isEqualTo(bytes(255, 255, 255, 0, 0, 0, 255, 255, 255));
    }

    /** Return the upright positions of the stored top left and top right quadrants, from the EXIF standard's table. */
    @ParameterizedTest
    @CsvSource({
        "1, TL, TR",
        "2, TR, TL",
        "3, BR, BL",
        "4, BL, BR",
        "5, TL, BL",
        "6, TR, BR",
        "7, BR, TR",
        "8, BL, TL",
        "0, TL, TR",
        "9, TL, TR"
    })
    void turnsJpegsUpright(int orientation, String firstCorner, String secondCorner) throws IOException {
        RgbImage upright = ImageDecoder.decode(TestImages.withOrientation(JPEG, orientation));
        boolean turned = orientation >= 5 && orientation <= 8;
        assertThat(upright.width()).isEqualTo(turned ? 16 : 32);
        assertThat(upright.height()).isEqualTo(turned ? 32 : 16);
        assertNear(corner(upright, firstCorner), RED, 6);
        assertNear(corner(upright, secondCorner), GREEN, 6);
    }

    @Test
    void readsCmykJpeg() throws IOException {
        // Adobe writes CMYK inverted with an APP14 block; without a color transform, 255 means no ink.
        byte[] adobe = cmyk();
        RgbImage read = ImageDecoder.decode(adobe);
        assertThat(read.width()).isEqualTo(16);
        int color = TestImages.pixel(read, 8, 8);
        // Pure full cyan has little red, much green and blue.
        assertThat(color >> 16).isLessThan(90);
        assertThat(color & 0xff).isGreaterThan(150);
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "jpg", "bmp", "gif"})
    void refusesFilesCutShort(String format) throws IOException {
        byte[] whole = TestImages.encode(TestImages.buffered(TestImages.random(40, 30, 4)), format);
        ImageDecoder.decode(whole);
        for (double share : new double[] {0.1, 0.5, 0.9}) {
            byte[] cut = Arrays.copyOf(whole, (int) (whole.length * share));
            assertThatThrownBy(() -> ImageDecoder.decode(cut))
                    .as(format + " cut at " + share)
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void theEndMarkerOfAThumbnailDoesNotCount() throws IOException {
        byte[] block = {(byte) 0xff, (byte) 0xe1, 0, 6, (byte) 0xff, (byte) 0xd8, (byte) 0xff, (byte) 0xd9};
        ByteBuffer joined = ByteBuffer.allocate(JPEG.length + block.length);
        joined.put(JPEG, 0, 2).put(block).put(JPEG, 2, JPEG.length - 2);
        byte[] cut = Arrays.copyOf(joined.array(), joined.capacity() - 10);
        assertThat(ImageDecoder.decode(joined.array()).width()).isEqualTo(32);
        assertThatThrownBy(() -> ImageDecoder.decode(cut)).hasMessage("the JPEG is cut short");
    }

    @Test
    void toleratesWhatFollowsTheEnd() throws IOException {
        byte[] longer = Arrays.copyOf(JPEG, JPEG.length + 100);
        assertThat(ImageDecoder.decode(longer).width()).isEqualTo(32);
    }

    @Test
    void refusesBombsBeforeDecoding() throws IOException {
        byte[] bomb = png(60000, 60000, 8, 2, bytes(0));
        assertThatThrownBy(() -> ImageDecoder.decode(bomb))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("60000×60000");
        byte[] strip = png(1, 50_000_000, 8, 2, bytes(0));
        assertThatThrownBy(() -> ImageDecoder.decode(strip))
                .isInstanceOf(IOException.class)
                .hasMessage("it declares 1×50000000 pixels, more than 65535 on a side");
    }

    /** Decode a file in a separate JVM. */
    static final class Alone {
        public static void main(String[] args) {
            try {
                ImageDecoder.read(Path.of(args[0]));
            } catch (LimbeckException e) {
                System.out.println(e.getMessage());
            }
        }
    }

    @Test
    void saysWhenMemoryDoesNotSuffice(@TempDir Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("large.png");
        ImageIO.write(new BufferedImage(4000, 4000, BufferedImage.TYPE_INT_RGB), "png", file.toFile());
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Alone.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("cannot read image " + file
                        + ": it declares 4000×4000 pixels, which take more memory than Java has; give it more (-Xmx)"
                        + System.lineSeparator());
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void saysWhatIsNotAnImage(@TempDir Path folder) throws IOException {
        Path text = Files.writeString(folder.resolve("notes.jpg"), "not a picture");
        assertThatThrownBy(() -> ImageDecoder.read(text))
                .isInstanceOf(LimbeckException.class)
                .hasMessage("cannot read image " + text
                        + ": not an image of a known format (PNG, JPEG, BMP, GIF, WebP or TIFF)");
        assertThatThrownBy(() -> ImageDecoder.read(folder.resolve("none.png")))
                .isInstanceOf(LimbeckException.class)
                .hasMessageContaining("no such file");
        Path empty = Files.write(folder.resolve("empty.png"), new byte[0]);
        assertThatThrownBy(() -> ImageDecoder.read(empty)).isInstanceOf(LimbeckException.class);
    }

    @Test
    void damagedBytesNeverFailOtherwise() throws IOException {
        int refused = 0;
        Draws draws = Draws.of(6);
        for (String format : new String[] {"png", "jpg", "bmp", "gif"}) {
            byte[] whole = TestImages.encode(TestImages.quadrants(20, 20, RED, GREEN, BLUE, YELLOW), format);
            for (int i = 0; i < 300; i++) {
                byte[] damaged = whole.clone();
                for (int k = 0; k < 3; k++) damaged[draws.nextInt(damaged.length)] = (byte) draws.nextInt(256);
                try {
                    ImageDecoder.decode(damaged);
                } catch (IOException expected) {
                    refused++;
                }
            }
        }
        assertThat(refused).isPositive();
    }

    private static byte[] cmyk() throws IOException {
        WritableRaster raster = Raster.createInterleavedRaster(0, 16, 16, 4, null);
        for (int i = 0; i < 256; i++) raster.setPixel(i % 16, i / 16, new int[] {0, 255, 255, 255});
        ImageWriter writer = null;
        for (var all = ImageIO.getImageWritersByFormatName("jpeg"); all.hasNext(); ) {
            ImageWriter candidate = all.next();
            if (candidate.getClass().getName().startsWith("com.sun.")) writer = candidate;
        }
        assertThat(writer).isNotNull();
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
            writer.setOutput(stream);
            writer.write(null, new IIOImage(raster, null, null), null);
        }
        byte[] plain = out.toByteArray();
        byte[] block = {(byte) 0xff, (byte) 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0};
        ByteBuffer joined = ByteBuffer.allocate(plain.length + block.length);
        return joined.put(plain, 0, 2)
                .put(block)
                .put(plain, 2, plain.length - 2)
                .array();
    }

    /** Write a PNG byte by byte: color types 0 gray, 2 RGB, 4 gray and alpha; rows begin with a filter byte. */
    private static byte[] png(int width, int height, int bits, int colorType, byte[] rows) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(bytes(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'));
        byte[] header = ByteBuffer.allocate(13)
                .putInt(width)
                .putInt(height)
                .put((byte) bits)
                .put((byte) colorType)
                .array();
        chunk(out, "IHDR", header);
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (var deflater = new DeflaterOutputStream(packed)) {
            deflater.write(rows);
        }
        chunk(out, "IDAT", packed.toByteArray());
        chunk(out, "IEND", new byte[0]);
        return out.toByteArray();
    }

    private static void chunk(ByteArrayOutputStream out, String type, byte[] data) throws IOException {
        byte[] name = type.getBytes(StandardCharsets.US_ASCII);
        CRC32 crc = new CRC32();
        crc.update(name);
        crc.update(data);
        out.write(ByteBuffer.allocate(4).putInt(data.length).array());
        out.write(name);
        out.write(data);
        out.write(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) bytes[i] = (byte) values[i];
        return bytes;
    }

    private static int corner(RgbImage image, String name) {
        int x = name.endsWith("L") ? 3 : image.width() - 4;
        int y = name.startsWith("T") ? 3 : image.height() - 4;
        return TestImages.pixel(image, x, y);
    }

    private static void assertNear(int found, int expected, int most) {
        for (int shift = 0; shift <= 16; shift += 8) {
            assertThat(Math.abs((found >> shift & 0xff) - (expected >> shift & 0xff)))
                    .as("%06x against %06x", found, expected)
                    .isLessThanOrEqualTo(most);
        }
    }
}
