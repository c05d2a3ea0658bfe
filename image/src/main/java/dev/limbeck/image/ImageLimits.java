package dev.limbeck.image;

import dev.limbeck.Limit;
import java.io.IOException;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/** Reject images before decoding if their declared size would only exhaust memory. */
final class ImageLimits {
    /** Longest side of a JPEG, used for all formats: an extreme strip would overflow during resizing. */
    private static final int LONGEST_SIDE = 65_535;

    private static final int BYTES_OF_RGB = 3;
    /** Bytes of pixels that any file may have; images of a single color compress to almost nothing. */
    private static final long ALWAYS_ALLOWED = 50_000_000;

    private static final int ATTEMPTS_ALONE = 2;
    private static final long PAUSE_NANOS = 300_000_000;
    /** Decoding threads share it; who ran out of memory tries again alone. */
    private static final ReadWriteLock MEMORY = new ReentrantReadWriteLock();

    private ImageLimits() {}

    /** Decode an image's pixels. */
    interface Decoding {
        RgbImage decode() throws IOException;
    }

    /** Decode an image with 8 bits per sample; see {@link #decode(long, long, long, long, Decoding)}. */
    static RgbImage decode(long width, long height, long length, Decoding decoding) throws IOException {
        return decode(width, height, BYTES_OF_RGB * width * height, length, decoding);
    }

    /**
     * Decode an image of a declared size, unless the size is beyond the limits, out of proportion to the file, or needs
     * more memory than there is.
     *
     * @param memory bytes that the decoder allocates for the pixels
     * @param length size of the file in bytes
     */
    static RgbImage decode(long width, long height, long memory, long length, Decoding decoding) throws IOException {
        requireProportion(width, height, memory, length);
        try {
            return holding(MEMORY.readLock(), decoding);
        } catch (RuntimeException | IOException | OutOfMemoryError e) {
            if (!isOutOfMemory(e)) throw e;
        }
        return holding(MEMORY.writeLock(), () -> decodeAlone(width, height, decoding));
    }

    /** Decode while no other thread does. Images that others have decoded take memory until they are resized. */
    private static RgbImage decodeAlone(long width, long height, Decoding decoding) throws IOException {
        for (int attempt = 1; ; attempt++) {
            try {
                return decoding.decode();
            } catch (RuntimeException | IOException | OutOfMemoryError e) {
                if (!isOutOfMemory(e)) throw e;
                if (attempt == ATTEMPTS_ALONE) {
                    throw new IOException(
                            declared(width, height) + ", which take more memory than Java has; give it more (-Xmx)", e);
                }
            }
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    private static RgbImage holding(Lock lock, Decoding decoding) throws IOException {
        lock.lock();
        try {
            return decoding.decode();
        } finally {
            lock.unlock();
        }
    }

    /** Return whether memory ran out; the JDK's PNG reader wraps the error. */
    private static boolean isOutOfMemory(Throwable e) {
        return e instanceof OutOfMemoryError || e.getCause() != null && isOutOfMemory(e.getCause());
    }

    /** Reject an image whose pixels are out of proportion to the file. */
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
        // A Java array has at most 2³¹ − 1 bytes.
        long most = Math.min(Limit.IMAGE_PIXELS.value(), (Integer.MAX_VALUE - 8) / 4);
        if (width * height > most) {
            throw new IOException(declared(width, height) + ", more than " + most + "; " + Limit.IMAGE_PIXELS.advice());
        }
    }

    private static String declared(long width, long height) {
        return "it declares " + width + "×" + height + " pixels";
    }
}
