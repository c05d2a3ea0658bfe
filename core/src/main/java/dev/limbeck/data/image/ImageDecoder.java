package dev.limbeck.data.image;

import dev.limbeck.LimbeckException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Decode PNG, JPEG, BMP, GIF, WebP and TIFF (the first frame or page) to upright 8-bit RGB, by content whatever the file is
 * called. Pixels are those of Pillow's {@code ImageOps.exif_transpose(Image.open(file)).convert("RGB")}: alpha is
 * dropped, palettes are looked up, grey is repeated, color profiles are not applied. Of 16-bit samples the upper 8 bits stay.
 * What differs from Pillow is listed in {@code docs/images.md}.
 */
public final class ImageDecoder {
    /** The most pixels an image may declare; more would only exhaust memory. */
    public static final long MOST_PIXELS = 100_000_000;

    private static final long MOST_BYTES = 1L << 30;
    private static final String READ = "PNG, JPEG, BMP, GIF, WebP, TIFF";

    /** What the bytes of formats that are not read say, from which byte on. */
    private static final Object[][] OTHERS = {
        {4, "ftypavif", "AVIF"},
        {4, "ftypavis", "AVIF"},
        {4, "ftyphei", "HEIC"},
        {4, "ftyphev", "HEIC"},
        {4, "ftypmif1", "HEIC"},
        {4, "jP  ", "JPEG 2000"},
        {0, "\u00ff\u004f\u00ff\u0051", "JPEG 2000"},
        {4, "JXL ", "JPEG XL"},
        {0, "\u00ff\n", "JPEG XL"},
        {0, "8BPS", "Photoshop"},
        {0, "%PDF", "PDF"},
        {0, "<svg", "SVG"},
        {0, "DDS ", "DDS"},
        {0, "\0\0\1\0", "icon"}
    };

    private ImageDecoder() {}

    /**
     * Decode a file.
     *
     * @throws LimbeckException in one line that names the file, if it is missing, not an image, cut short or larger
     *     than {@link #MOST_PIXELS}
     */
    public static RgbImage read(Path file) {
        try {
            if (Files.exists(file) && !Files.isRegularFile(file)) throw new IOException("it is not a file");
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
        try {
            return decoded(file);
        } catch (RuntimeException | IOException e) {
            // Readers meet broken files with any of half a dozen unchecked exceptions, or say nothing.
            if (e instanceof IOException thrown && reason(e).equals(e.getMessage())) throw thrown;
            throw new IOException(reason(e), e);
        }
    }

    private static RgbImage decoded(byte[] file) throws IOException {
        if (JpegFile.isJpeg(file)) return JpegFile.read(file);
        if (starts(file, 0, "\u0089PNG\r\n\u001a\n")) return PngFile.read(file);
        if (starts(file, 0, "GIF87a") || starts(file, 0, "GIF89a")) return GifFile.read(file);
        if (starts(file, 0, "BM")) return BmpFile.read(file);
        if (starts(file, 0, "RIFF") && starts(file, 8, "WEBP")) return WebpFile.read(file);
        if (TiffTags.isTiff(file)) return TiffFile.read(file);
        for (Object[] other : OTHERS) {
            if (starts(file, (int) other[0], (String) other[1])) {
                throw new IOException(
                        "an image of a format that is not read, " + other[2] + "; save it as PNG or JPEG");
            }
        }
        throw new IOException("not an image of a known format (" + READ + ")");
    }

    private static boolean starts(byte[] file, int at, String with) {
        return file.length >= at && Exif.starts(file, at, file.length, with.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String reason(Exception e) {
        // An unchecked exception's message speaks of the reader's code, not of the file.
        String message = e instanceof IOException ? e.getMessage() : null;
        if (message == null || message.isBlank()) {
            return e instanceof EOFException ? "it is cut short" : "its contents are damaged";
        }
        return message.lines()
                .filter(line -> !line.isBlank())
                .findFirst()
                .orElse(message)
                .strip();
    }
}
