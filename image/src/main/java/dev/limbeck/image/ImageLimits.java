package dev.limbeck.image;

import dev.limbeck.Limit;
import java.io.IOException;

/** Refuse images before they are decoded whose declared size would only exhaust memory. */
final class ImageLimits {
    /** The longest side of a JPEG, and enough for the others: an extreme strip would overflow while it is resized. */
    private static final int LONGEST_SIDE = 65_535;

    private static final int BYTES_OF_RGB = 3;
    /** So large may images be of a single color, which take next to nothing in a file. */
    private static final long ALWAYS_ALLOWED = 50_000_000;

    private ImageLimits() {}

    /** Decode an image's pixels. */
    interface Decoding {
        RgbImage decode() throws IOException;
    }

    /** Decode an image of 8 bits a sample; see {@link #decode(long, long, long, long, Decoding)}. */
    static RgbImage decode(long width, long height, long length, Decoding decoding) throws IOException {
        return decode(width, height, BYTES_OF_RGB * width * height, length, decoding);
    }

    /**
     * Decode an image of a declared size, unless that is beyond the limits, out of proportion to the file, or takes more memory
     * than there is.
     *
     * @param memory the bytes that the decoder takes for its pixels
     * @param length of the file in bytes
     */
    static RgbImage decode(long width, long height, long memory, long length, Decoding decoding) throws IOException {
        requireProportion(width, height, memory, length);
        try {
            return decoding.decode();
        } catch (RuntimeException | IOException | OutOfMemoryError e) {
            // The JDK's PNG reader wraps it.
            if (!isOutOfMemory(e)) throw e;
            throw new IOException(
                    declared(width, height) + ", which take more memory than Java has; give it more (-Xmx)", e);
        }
    }

    private static boolean isOutOfMemory(Throwable e) {
        return e instanceof OutOfMemoryError || e.getCause() != null && isOutOfMemory(e.getCause());
    }

    /** Refuse a picture whose pixels alone are out of proportion to the file. */
    static void requireProportion(long width, long height, long length) throws IOException {
        requireProportion(width, height, 0, length);
    }

    private static void requireProportion(long width, long height, long memory, long length) throws IOException {
        check(width, height);
        long needed = Math.max(memory, BYTES_OF_RGB * width * height);
        if (needed > ALWAYS_ALLOWED + Limit.IMAGE_GROWTH.value() * length) {
            throw new IOException(declared(width, height) + ", " + needed + " bytes of memory, in a file of " + length
                    + " bytes, out of proportion; " + Limit.IMAGE_GROWTH.advice());
        }
    }

    static void check(long width, long height) throws IOException {
        if (width < 1 || height < 1) throw new IOException(declared(width, height) + "; expected at least 1×1");
        if (Math.max(width, height) > LONGEST_SIDE) {
            throw new IOException(declared(width, height) + ", more than " + LONGEST_SIDE + " on a side");
        }
        // Arrays of Java end at 2³¹ bytes.
        long most = Math.min(Limit.IMAGE_PIXELS.value(), (Integer.MAX_VALUE - 8) / 4);
        if (width * height > most) {
            throw new IOException(declared(width, height) + ", more than " + most + "; " + Limit.IMAGE_PIXELS.advice());
        }
    }

    private static String declared(long width, long height) {
        return "it declares " + width + "×" + height + " pixels";
    }
}
