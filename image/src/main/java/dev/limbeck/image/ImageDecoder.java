package dev.limbeck.image;

import dev.limbeck.LimbeckException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Decode PNG, JPEG, BMP, GIF, WebP and TIFF (the first frame or page) to upright 8-bit RGB. The format is detected from
 * the content, not from the file name. Pixels are those of Pillow's {@code
 * ImageOps.exif_transpose(Image.open(file)).convert("RGB")}: alpha is dropped, palettes are resolved, gray is repeated,
 * color profiles are not applied. 16-bit samples keep their upper 8 bits. {@code docs/images.md} lists the differences
 * from Pillow.
 */
public final class ImageDecoder {
    private static final long MOST_BYTES = 1L << 30;
    private static final byte[] LFS_POINTER = "version https://git-lfs".getBytes(StandardCharsets.US_ASCII);

    private ImageDecoder() {}

    /**
     * Decode a file.
     *
     * @throws LimbeckException with a one-line message that names the file, if it is missing, not an image, truncated
     *     or larger than {@link dev.limbeck.Limit#IMAGE_PIXELS}
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
     * Decode the bytes of a file, such as an upload.
     *
     * @throws LimbeckException with a one-line message, as {@link #read(Path)}
     */
    public static RgbImage read(byte[] file) {
        if (file == null) throw RgbImage.missing();
        try {
            return decode(file);
        } catch (IOException e) {
            throw new LimbeckException("cannot read the image of " + file.length + " bytes: " + reason(e), e);
        }
    }

    /**
     * Decode what remains of a stream, which stays open.
     *
     * @throws LimbeckException with a one-line message, as {@link #read(Path)}
     */
    public static RgbImage read(InputStream file) {
        if (file == null) throw RgbImage.missing();
        byte[] bytes;
        try {
            bytes = file.readNBytes((int) MOST_BYTES);
            if (bytes.length == MOST_BYTES) throw new IOException("it is larger than 1 GiB");
        } catch (IOException e) {
            throw new LimbeckException("cannot read the image from a stream: " + reason(e), e);
        }
        return read(bytes);
    }

    /**
     * Decode the bytes of an image file.
     *
     * @throws IOException if they are not a complete image of a supported format
     */
    public static RgbImage decode(byte[] file) throws IOException {
        try {
            return decoded(file);
        } catch (LimbeckException e) {
            throw e; // a limit set to an invalid value
        } catch (RuntimeException | IOException e) {
            // Readers report damaged files by various unchecked exceptions, or without a message.
            if (e instanceof IOException thrown && reason(e).equals(e.getMessage())) throw thrown;
            throw new IOException(reason(e), e);
        }
    }

    private static RgbImage decoded(byte[] file) throws IOException {
        ImageFormat format = ImageFormat.of(file);
        if (format == null && Exif.starts(file, 0, file.length, LFS_POINTER)) {
            throw new IOException(
                    "a Git LFS pointer, which stands for an image that was not fetched; fetch it by git lfs pull");
        }
        if (format == null) throw new IOException("not an image of a known format (" + ImageFormat.READ + ")");
        return switch (format) {
            case PNG -> PngFile.read(file);
            case JPEG -> JpegFile.read(file);
            case BMP -> BmpFile.read(file);
            case GIF -> GifFile.read(file);
            case WEBP -> WebpFile.read(file);
            case TIFF -> TiffFile.read(file);
            default ->
                throw new IOException(
                        "an image of a format that is not read, " + format.title + "; save it as PNG or JPEG");
        };
    }

    private static String reason(Exception e) {
        // The message of an unchecked exception describes the reader's code, not the file.
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
