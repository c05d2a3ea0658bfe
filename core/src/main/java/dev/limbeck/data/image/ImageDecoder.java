package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.function.ToIntFunction;
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
        return read(file, ExifOrientation::of);
    }

    /**
     * Decode a file.
     *
     * @param orientation reads the EXIF orientation, 1 to 8, off the bytes of a JPEG
     * @throws LimbeckException as {@link #read(Path)} does
     */
    public static RgbImage read(Path file, ToIntFunction<byte[]> orientation) {
        try {
            if (Files.size(file) > MOST_BYTES) throw new IOException("it is larger than 1 GiB");
            return decode(Files.readAllBytes(file), orientation);
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
        return decode(file, ExifOrientation::of);
    }

    private static RgbImage decode(byte[] file, ToIntFunction<byte[]> orientation) throws IOException {
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
                try {
                    RgbImage image = RgbImage.of(reader.read(0));
                    return jpeg ? image.upright(orientation.applyAsInt(file)) : image;
                } catch (RuntimeException | IOException | OutOfMemoryError e) {
                    // The JDK's PNG reader wraps it.
                    if (!isOutOfMemory(e)) throw e;
                    throw new IOException(declared + "which take more memory than Java has; give it more (-Xmx)", e);
                }
            } finally {
                reader.dispose();
            }
        } catch (RuntimeException e) {
            // The JDK's readers meet broken files with any of half a dozen unchecked exceptions.
            throw new IOException(reason(e), e);
        }
    }

    private static boolean isOutOfMemory(Throwable e) {
        return e instanceof OutOfMemoryError || e.getCause() != null && isOutOfMemory(e.getCause());
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
