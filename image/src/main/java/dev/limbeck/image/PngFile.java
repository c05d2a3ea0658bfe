package dev.limbeck.image;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.InflaterInputStream;

/** Read a PNG file (third edition) with the JDK's reader, and its orientation, which that reader ignores. */
final class PngFile {
    private static final int HEADER = 8;
    private static final int COLOR_TYPE = 25;
    private static final int PALETTE = 3;
    /** Deflate cannot pack more into a byte (zlib, "Maximum Expansion Factor"). */
    private static final int MOST_INFLATED = 1032;

    private static final int MOST_TEXT = 1 << 20;
    private static final int HEAD = 0x49484452;
    private static final int PIXELS = 0x49444154;
    private static final int END = 0x49454e44;
    private static final int COLORS = 0x504c5445;
    private static final int EXIF = 0x65584966;
    private static final int PLAIN_TEXT = 0x74455874;
    private static final int PACKED_TEXT = 0x7a545874;
    private static final int UNICODE_TEXT = 0x69545874;
    private static final int IPHONE = 0x43674249;
    private static final byte[] XMP = "XML:com.adobe.xmp\0".getBytes(StandardCharsets.ISO_8859_1);
    private static final byte[] RAW_EXIF = "Raw profile type exif\0".getBytes(StandardCharsets.ISO_8859_1);

    private PngFile() {}

    static RgbImage read(byte[] file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        if (file.length < 33) throw new IOException("the PNG is cut short");
        int first = bytes.getInt(HEADER + 4);
        if (first == IPHONE) {
            throw new IOException(
                    "an iPhone-optimized PNG (CgBI), a format that is not read; save it as an ordinary PNG");
        }
        if (first != HEAD) throw new IOException("the PNG is damaged: it does not begin with its header (IHDR)");
        long width = bytes.getInt(16) & 0xffffffffL;
        long height = bytes.getInt(20) & 0xffffffffL;
        ImageLimits.check(width, height);
        long packed = pixelBytes(bytes);
        long plain = rowBytes(file, width) * height;
        if (plain > MOST_INFLATED * packed) throw new EOFException("the PNG is cut short");
        return ImageLimits.decode(
                width,
                height,
                plain,
                packed,
                () -> decode(file).upright(exif(bytes).orientation()));
    }

    /** Return the number of bytes of a row, uncompressed. */
    private static long rowBytes(byte[] file, long width) {
        int samples = switch (file[COLOR_TYPE]) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
        return (width * samples * file[COLOR_TYPE - 1] + 7) / 8;
    }

    /** Return the number of bytes of compressed pixels in the file. */
    private static long pixelBytes(ByteBuffer bytes) {
        long sum = 0;
        long at = HEADER;
        while (at <= bytes.limit() - 8) {
            long length = bytes.getInt((int) at) & 0xffffffffL;
            if (bytes.getInt((int) at + 4) == PIXELS) sum += Math.min(length, bytes.limit() - 8 - at);
            at += 12 + length;
        }
        return sum;
    }

    private static RgbImage decode(byte[] file) throws IOException {
        return Readers.byJdk("PNG", pixelsAlone(file), reader -> RgbImage.of(reader.read(0)));
    }

    /**
     * Return the file with only header, palette and pixels. The reader fails on other chunks that are damaged or
     * misplaced, and transparency does not change colors. As in Pillow, pixels end at the next chunk of another type.
     */
    private static byte[] pixelsAlone(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        ByteBuffer alone = ByteBuffer.allocate(file.length).put(file, 0, HEADER);
        boolean hasPalette = file[COLOR_TYPE] == PALETTE;
        int pixels = -1;
        boolean ended = false;
        int at = HEADER;
        while (at <= file.length - 8) {
            int type = bytes.getInt(at + 4);
            long length = 12 + (bytes.getInt(at) & 0xffffffffL);
            int kept = (int) Math.min(length, file.length - at);
            if (type == PIXELS && !ended) {
                // Merge the pixels into one chunk, because the reader is slow with many.
                if (pixels < 0) {
                    pixels = alone.position();
                    alone.put(file, at, 8);
                }
                alone.put(file, at + 8, (int) Math.min(length - 12, kept - 8L));
            } else {
                if (pixels >= 0 && !ended)
                    alone.putInt(pixels, alone.position() - pixels - 8).putInt(0);
                ended = pixels >= 0;
                if (type == HEAD || type == END || type == COLORS && hasPalette) alone.put(file, at, kept);
            }
            at += kept;
        }
        return Arrays.copyOf(alone.array(), alone.position());
    }

    /** Data of a chunk: start and end (exclusive) in the file. */
    private record Chunk(int from, int to) {}

    /**
     * Read EXIF data and XMP. As in Pillow, the last chunk of each kind counts, so the others need not be decompressed.
     */
    private static Exif exif(ByteBuffer bytes) {
        Exif exif = new Exif();
        byte[] file = bytes.array();
        Chunk own = null;
        Chunk xmp = null;
        Chunk raw = null;
        int at = HEADER;
        while (at <= file.length - 12) {
            int length = bytes.getInt(at);
            if (length < 0 || length > file.length - at - 8) break;
            Chunk chunk = new Chunk(at + 8, at + 8 + length);
            int type = bytes.getInt(at + 4);
            if (type == EXIF) {
                own = chunk;
            } else if (type == PLAIN_TEXT || type == PACKED_TEXT || type == UNICODE_TEXT) {
                if (Exif.starts(file, chunk.from, chunk.to, XMP)) xmp = chunk;
                if (Exif.starts(file, chunk.from, chunk.to, RAW_EXIF)) raw = chunk;
            }
            at = chunk.to + 4;
        }
        if (own != null) exif.addTiff(file, own.from, own.to);
        else if (raw != null) addRaw(exif, text(bytes, raw, raw.from + RAW_EXIF.length));
        if (xmp != null) {
            byte[] packet = text(bytes, xmp, xmp.from + XMP.length);
            exif.addXmp(packet, 0, packet.length);
        }
        return exif;
    }

    /**
     * Add EXIF data as written by ImageMagick: a line break, the name, the length, then lines of hexadecimal digits.
     */
    private static void addRaw(Exif exif, byte[] text) {
        String[] parts = new String(text, StandardCharsets.ISO_8859_1).split("\n", 4);
        if (parts.length < 4) return;
        try {
            byte[] tiff = HexFormat.of().parseHex(parts[3].replaceAll("\\s", ""));
            exif.addTiff(tiff, 0, tiff.length);
        } catch (IllegalArgumentException e) {
            // ignore the orientation of damaged metadata
        }
    }

    /** Return the value of a text chunk, up to a limit; empty if it is damaged. */
    private static byte[] text(ByteBuffer bytes, Chunk chunk, int afterKeyword) {
        byte[] file = bytes.array();
        int type = bytes.getInt(chunk.from - 4);
        int at = afterKeyword;
        boolean packed = type == PACKED_TEXT;
        if (packed) at++;
        if (type == UNICODE_TEXT && at + 2 <= chunk.to) {
            packed = file[at] == 1;
            at += 2;
            for (int strings = 0; strings < 2 && at < chunk.to; at++) if (file[at] == 0) strings++;
        }
        if (at > chunk.to) return new byte[0];
        if (!packed) return Arrays.copyOfRange(file, at, Math.min(chunk.to, at + MOST_TEXT));
        try {
            return unpacked(file, at, chunk.to);
        } catch (IOException e) {
            // ignore the orientation of damaged metadata
            return new byte[0];
        }
    }

    private static byte[] unpacked(byte[] file, int from, int to) throws IOException {
        try (var in = new InflaterInputStream(new ByteArrayInputStream(file, from, to - from))) {
            return in.readNBytes(MOST_TEXT);
        }
    }
}
