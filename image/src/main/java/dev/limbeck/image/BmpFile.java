package dev.limbeck.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Read a BMP file with the JDK's reader, and handle what that reader does not support: OS/2 2.x headers, run-length
 * encoding without an end marker, and files that do not declare their length or the offset of their pixels.
 */
final class BmpFile {
    private static final int OS2_HEADER = 64;
    private static final int WINDOWS_HEADER = 40;
    private static final int LEAST = 26;
    private static final int BIT_FIELDS = 3;
    private static final int MOST_COLORS = 65_536;

    private BmpFile() {}

    static RgbImage read(byte[] file) throws IOException {
        if (file.length < LEAST) throw new EOFException("the BMP is cut short");
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int header = bytes.getInt(14);
        boolean old = header < WINDOWS_HEADER;
        long width = old ? bytes.getShort(18) & 0xffff : bytes.getInt(18);
        long height = old ? bytes.getShort(20) & 0xffff : Math.abs((long) bytes.getInt(22));
        return ImageLimits.decode(width, height, file.length, () -> decode(file, header, width * height));
    }

    private static RgbImage decode(byte[] file, int header, long count) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int compression = header < WINDOWS_HEADER || file.length < 54 ? 0 : bytes.getInt(30);
        if (compression < 0 || compression > 3) {
            throw new IOException("a BMP with compression " + compression
                    + "; expected none, run lengths or bit fields (0 to 3); save it as PNG");
        }
        boolean hasRuns = compression == 1 || compression == 2;
        byte[] known = Arrays.copyOf(file, file.length + (hasRuns ? 4 : 0));
        ByteBuffer changed = ByteBuffer.wrap(known).order(ByteOrder.LITTLE_ENDIAN);
        int start = pixels(bytes, header, compression);
        int bits = Math.max(0, bytes.getShort(header < WINDOWS_HEADER ? 24 : 28));
        if (compression == 0 && count * bits / 8 > file.length - start) throw new EOFException("the BMP is cut short");
        changed.putInt(10, start);
        if (hasRuns) {
            known[file.length + 3] = 1; // end of line, end of bitmap
            // The reader allocates this many bytes, whatever the file's length.
            changed.putInt(34, known.length - Math.max(0, Math.min(file.length, start)));
        }
        // The reader allocates memory for as many colors as the file declares.
        if (header >= WINDOWS_HEADER && file.length >= 54) {
            int colors = bytes.getInt(46);
            if (bits > 8 || colors < 0 || colors > 1 << bits) changed.putInt(46, 0);
        }
        if (header == OS2_HEADER) known = withWindowsHeader(known);
        // The reader rejects files that declare fewer bytes than their pixels need.
        ByteBuffer.wrap(known).order(ByteOrder.LITTLE_ENDIAN).putInt(2, known.length);
        return Readers.byJdk("BMP", known, reader -> RgbImage.of(reader.read(0)));
    }

    /** Return the offset of the pixels; it is after the palette if the file declares none, or that of the palette. */
    private static int pixels(ByteBuffer bytes, int header, int compression) {
        int declared = bytes.getInt(10);
        boolean old = header < WINDOWS_HEADER;
        if (header < 12 || header > 124 || bytes.limit() < 14 + header) return declared;
        int bits = bytes.getShort(old ? 24 : 28);
        int after = 14 + header + (header == WINDOWS_HEADER && compression == BIT_FIELDS ? 12 : 0);
        if (bits >= 1 && bits <= 8) {
            int colors = old ? 0 : bytes.getInt(46);
            if (colors == 0) colors = 1 << bits;
            if (colors < 0 || colors > MOST_COLORS) return declared;
            after += (old ? 3 : 4) * colors;
            if (declared == 14 + header) return after;
        }
        return declared == 0 ? after : declared;
    }

    /** Convert an OS/2 2.x header; its first 40 bytes are those of the Windows header. */
    private static byte[] withWindowsHeader(byte[] file) {
        int longer = OS2_HEADER - WINDOWS_HEADER;
        byte[] shorter = new byte[file.length - longer];
        System.arraycopy(file, 0, shorter, 0, 14 + WINDOWS_HEADER);
        System.arraycopy(file, 14 + OS2_HEADER, shorter, 14 + WINDOWS_HEADER, file.length - 14 - OS2_HEADER);
        ByteBuffer bytes = ByteBuffer.wrap(shorter).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(10, bytes.getInt(10) - longer).putInt(14, WINDOWS_HEADER);
        return shorter;
    }
}
