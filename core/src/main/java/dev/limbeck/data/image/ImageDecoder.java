package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Decode PNG, JPEG, BMP and GIF (its first frame) to upright 8-bit RGB, by content whatever the file is called. As
 * Pillow's {@code convert("RGB")} does, an alpha channel is dropped, palettes are looked up, grey is repeated, and
 * colour profiles are not applied; of 16-bit samples the upper 8 bits stay.
 */
public final class ImageDecoder {
    /** The most pixels an image may declare; more would only exhaust memory. */
    public static final long MOST_PIXELS = 100_000_000;

    /** The longest side of a JPEG, and enough for the others: an extreme strip would overflow while it is resized. */
    private static final int LONGEST_SIDE = 65_535;

    private static final long MOST_BYTES = 1L << 30;

    private ImageDecoder() {}

    /**
     * Decode a file.
     *
     * @throws LimbeckException in one line that names the file, if it is missing, not an image, cut short or larger
     *     than {@link #MOST_PIXELS}
     */
    public static RgbImage read(Path file) {
        try {
            if (Files.size(file) > MOST_BYTES) throw new IOException("it is larger than 1 GiB");
            return decode(Files.readAllBytes(file));
        } catch (NoSuchFileException e) {
            throw new LimbeckException("cannot read image " + file + ": no such file", e);
        } catch (IOException e) {
            throw new LimbeckException("cannot read image " + file + ": " + reason(e), e);
        }
    }

    /**
     * Decode the bytes of an image file.
     *
     * @throws IOException if they are not a whole image of a known format
     */
    public static RgbImage decode(byte[] file) throws IOException {
        boolean jpeg = JpegFile.isJpeg(file);
        if (jpeg && !JpegFile.isWhole(file)) throw new IOException("the JPEG is cut short");
        try (ImageInputStream stream = new MemoryCacheImageInputStream(new ByteArrayInputStream(file))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(stream);
            if (!readers.hasNext()) throw new IOException("not an image of a known format (PNG, JPEG, BMP, GIF)");
            ImageReader reader = readers.next();
            try {
                reader.setInput(stream, true, true);
                long pixels = (long) reader.getWidth(0) * reader.getHeight(0);
                String declared = "it declares " + reader.getWidth(0) + "×" + reader.getHeight(0) + " pixels, ";
                if (pixels > MOST_PIXELS) throw new IOException(declared + "more than " + MOST_PIXELS);
                if (Math.max(reader.getWidth(0), reader.getHeight(0)) > LONGEST_SIDE) {
                    throw new IOException(declared + "more than " + LONGEST_SIDE + " on a side");
                }
                RgbImage image = toRgb(reader.read(0));
                return jpeg ? image.upright(JpegFile.orientation(file)) : image;
            } finally {
                reader.dispose();
            }
        } catch (RuntimeException e) {
            // The JDK's readers meet broken files with any of half a dozen unchecked exceptions.
            throw new IOException(reason(e), e);
        }
    }

    /** Take the samples of a decoded image as they are, without converting between colour spaces. */
    public static RgbImage toRgb(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        if (image.getType() == BufferedImage.TYPE_3BYTE_BGR && raster.getParent() == null) {
            return new RgbImage(width, height, swapped(((DataBufferByte) raster.getDataBuffer()).getData()));
        }
        if (model instanceof IndexColorModel || isPacked(raster) || !isByteOrShort(raster)) {
            return lookedUp(image);
        }
        int bands = raster.getNumBands();
        int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT ? 8 : 0;
        int[] from = bands < 3 ? new int[] {0, 0, 0} : new int[] {0, 1, 2};
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[bands * width];
        int to = 0;
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < row.length; x += bands) {
                for (int band : from) rgb[to++] = (byte) (row[x + band] >> shift);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    private static boolean isByteOrShort(Raster raster) {
        int type = raster.getTransferType();
        return type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT;
    }

    /** Samples of other than 8 or 16 bits share array elements, so only the colour model can take them apart. */
    private static boolean isPacked(Raster raster) {
        int bits = raster.getSampleModel().getSampleSize(0);
        return bits != 8 && bits != 16;
    }

    private static RgbImage lookedUp(BufferedImage image) {
        int width = image.getWidth();
        byte[] rgb = new byte[3 * width * image.getHeight()];
        int[] row = new int[width];
        int to = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int argb : row) {
                rgb[to++] = (byte) (argb >> 16);
                rgb[to++] = (byte) (argb >> 8);
                rgb[to++] = (byte) argb;
            }
        }
        return new RgbImage(width, image.getHeight(), rgb);
    }

    private static byte[] swapped(byte[] bgr) {
        byte[] rgb = new byte[bgr.length];
        for (int i = 0; i < bgr.length; i += 3) {
            rgb[i] = bgr[i + 2];
            rgb[i + 1] = bgr[i + 1];
            rgb[i + 2] = bgr[i];
        }
        return rgb;
    }

    private static String reason(Exception e) {
        String message = e.getMessage();
        if (message == null || message.isBlank()) return "its contents are damaged";
        return message.lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse(message)
                .strip();
    }
}
