package dev.limbeck.data.image;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import javax.imageio.ImageReader;

/** Read a BMP file by the JDK's reader, and what that reader does not know: OS/2's second header, run lengths without an end. */
final class BmpFile {
    private static final int OS2_HEADER = 64;
    private static final int WINDOWS_HEADER = 40;
    private static final int LEAST = 26;

    private BmpFile() {}

    static RgbImage read(byte[] file) throws IOException {
        if (file.length < LEAST) throw new EOFException("the BMP is cut short");
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int header = bytes.getInt(14);
        boolean old = header < WINDOWS_HEADER;
        long width = old ? bytes.getShort(18) & 0xffff : bytes.getInt(18);
        long height = old ? bytes.getShort(20) & 0xffff : Math.abs((long) bytes.getInt(22));
        return Limits.decode(width, height, () -> decode(file, header));
    }

    private static RgbImage decode(byte[] file, int header) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
        int compression = header < WINDOWS_HEADER || file.length < 54 ? 0 : bytes.getInt(30);
        if (compression < 0 || compression > 3) {
            throw new IOException("a BMP with compression " + compression
                    + "; expected none, run lengths or bit fields (0 to 3); save it as PNG");
        }
        byte[] known = file;
        if (compression == 1 || compression == 2) {
            known = Arrays.copyOf(file, file.length + 4);
            known[file.length + 3] = 1; // end of line, end of picture
            // So many bytes the reader takes memory for, whatever the file's length.
            int start = Math.max(0, Math.min(file.length, bytes.getInt(10)));
            ByteBuffer.wrap(known).order(ByteOrder.LITTLE_ENDIAN).putInt(34, known.length - start);
        }
        if (header == OS2_HEADER) known = withWindowsHeader(known);
        ImageReader reader = Readers.ofJdk("bmp", known);
        try {
            return RgbImage.of(reader.read(0));
        } finally {
            reader.dispose();
        }
    }

    /** The first 40 bytes mean the same; the offset of the pixels says where the palette ends. */
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
