package dev.limbeck.data.image;

import java.io.IOException;

/** Refuse images before they are decoded whose declared size would only exhaust memory. */
final class Limits {
    /** The longest side of a JPEG, and enough for the others: an extreme strip would overflow while it is resized. */
    private static final int LONGEST_SIDE = 65_535;

    private Limits() {}

    /** Decode an image's pixels. */
    interface Decoding {
        RgbImage decode() throws IOException;
    }

    /** Decode an image of a declared size, unless that is beyond the limits or takes more memory than there is. */
    static RgbImage decode(long width, long height, Decoding decoding) throws IOException {
        check(width, height);
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

    static void check(long width, long height) throws IOException {
        if (width < 1 || height < 1) throw new IOException(declared(width, height) + "; expected at least 1×1");
        if (Math.max(width, height) > LONGEST_SIDE) {
            throw new IOException(declared(width, height) + ", more than " + LONGEST_SIDE + " on a side");
        }
        if (width * height > ImageDecoder.MOST_PIXELS) {
            throw new IOException(declared(width, height) + ", more than " + ImageDecoder.MOST_PIXELS);
        }
    }

    private static String declared(long width, long height) {
        return "it declares " + width + "×" + height + " pixels";
    }
}
