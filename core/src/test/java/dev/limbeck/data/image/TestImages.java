package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import dev.limbeck.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Create image files for tests. */
public final class TestImages {
    private TestImages() {}

    /** Create an image of four plain quadrants with colors 0xRRGGBB: top left and right, bottom left and right. */
    public static BufferedImage quadrants(int width, int height, int... colors) {
        BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, colors[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]);
            }
        }
        return image;
    }

    public static BufferedImage plain(int width, int height, int color) {
        return quadrants(width, height, color, color, color, color);
    }

    public static RgbImage random(int width, int height, long seed) {
        byte[] rgb = new byte[3 * width * height];
        Draws draws = Draws.of(seed);
        for (int i = 0; i < rgb.length; i++) rgb[i] = (byte) draws.nextInt(256);
        return new RgbImage(width, height, rgb);
    }

    public static BufferedImage buffered(RgbImage image) {
        BufferedImage copy = new BufferedImage(image.width(), image.height(), BufferedImage.TYPE_INT_RGB);
        for (int i = 0; i < image.width() * image.height(); i++) {
            copy.setRGB(i % image.width(), i / image.width(), pixel(image, i % image.width(), i / image.width()));
        }
        return copy;
    }

    public static int pixel(RgbImage image, int x, int y) {
        int at = 3 * (y * image.width() + x);
        return (image.rgb()[at] & 0xff) << 16 | (image.rgb()[at + 1] & 0xff) << 8 | image.rgb()[at + 2] & 0xff;
    }

    public static byte[] encode(BufferedImage image, String format) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        if (format.equals("jpg")) {
            ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
            ImageWriteParam param = writer.getDefaultWriteParam();
            param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
            param.setCompressionQuality(1f);
            try (ImageOutputStream stream = ImageIO.createImageOutputStream(out)) {
                writer.setOutput(stream);
                writer.write(null, new IIOImage(image, null, null), param);
            } finally {
                writer.dispose();
            }
        } else if (!ImageIO.write(image, format, out)) {
            throw new IOException("no writer for " + format);
        }
        return out.toByteArray();
    }

    /** Write a plain image; the format is the file's lower-case extension. */
    static Path write(Path file, int color) throws IOException {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        Files.createDirectories(file.getParent());
        return Files.write(
                file,
                encode(
                        plain(12, 10, color),
                        name.substring(name.lastIndexOf('.') + 1).replace("jpeg", "jpg")));
    }

    /** Insert an EXIF block with an orientation right after a JPEG's first marker. */
    public static byte[] withOrientation(byte[] jpeg, int orientation) {
        byte[] block = {
            (byte) 0xff,
            (byte) 0xe1,
            0,
            34,
            'E',
            'x',
            'i',
            'f',
            0,
            0,
            'M',
            'M',
            0,
            42,
            0,
            0,
            0,
            8,
            0,
            1,
            0x01,
            0x12,
            0,
            3,
            0,
            0,
            0,
            1,
            0,
            (byte) orientation,
            0,
            0,
            0,
            0,
            0,
            0
        };
        byte[] joined = new byte[jpeg.length + block.length];
        System.arraycopy(jpeg, 0, joined, 0, 2);
        System.arraycopy(block, 0, joined, 2, block.length);
        System.arraycopy(jpeg, 2, joined, 2 + block.length, jpeg.length - 2);
        return joined;
    }
}
