package dev.limbeck.data.image;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.zip.InflaterInputStream;

/** Read a PNG file (third edition) by the JDK's reader, and its orientation, which that reader passes over. */
final class PngFile {
    private static final int HEADER = 8;
    private static final int COLOR_TYPE = 25;
    private static final int PALETTE = 3;
    /** Deflate cannot pack more into a byte (zlib, "Maximum Expansion Factor"). */
    private static final int MOST_INFLATED = 1032;

    private static final int MOST_TEXT = 1 << 20;
    private static final String XMP = "XML:com.adobe.xmp";
    private static final String RAW_EXIF = "Raw profile type exif";

    private PngFile() {}

    static RgbImage read(byte[] file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        if (file.length < 33) throw new IOException("the PNG is cut short");
        String first = type(file, HEADER);
        if (first.equals("CgBI")) {
            throw new IOException(
                    "an iPhone-optimized PNG (CgBI), a format that is not read; save it as an ordinary PNG");
        }
        if (!first.equals("IHDR"))
            throw new IOException("the PNG is damaged: it does not begin with its header (IHDR)");
        long width = bytes.getInt(16) & 0xffffffffL;
        long height = bytes.getInt(20) & 0xffffffffL;
        Limits.check(width, height);
        long packed = pixelBytes(bytes);
        long plain = rowBytes(file, width) * height;
        if (plain > MOST_INFLATED * packed) throw new EOFException("the PNG is cut short");
        return Limits.decode(
                width,
                height,
                plain,
                packed,
                () -> decode(file).upright(exif(bytes).orientation()));
    }

    /** Return how many bytes a row takes as it is stored. */
    private static long rowBytes(byte[] file, long width) {
        int samples = switch (file[COLOR_TYPE]) {
            case 2 -> 3;
            case 4 -> 2;
            case 6 -> 4;
            default -> 1;
        };
        return (width * samples * file[COLOR_TYPE - 1] + 7) / 8;
    }

    /** Return how many bytes of the file hold pixels. */
    private static long pixelBytes(ByteBuffer bytes) {
        long sum = 0;
        long at = HEADER;
        while (at <= bytes.limit() - 8) {
            long length = bytes.getInt((int) at) & 0xffffffffL;
            if (type(bytes.array(), (int) at).equals("IDAT")) sum += Math.min(length, bytes.limit() - 8 - at);
            at += 12 + length;
        }
        return sum;
    }

    private static RgbImage decode(byte[] file) throws IOException {
        return Readers.byJdk("PNG", pixelsAlone(file), reader -> RgbImage.of(reader.read(0)));
    }

    /**
     * Return the file with nothing but header, palette and pixels. The reader fails on other chunks that are damaged or stand
     * where they must not, and transparency changes no color. Pixels end, as for Pillow, where another chunk comes.
     */
    private static byte[] pixelsAlone(byte[] file) {
        ByteBuffer bytes = ByteBuffer.wrap(file);
        ByteBuffer alone = ByteBuffer.allocate(file.length).put(file, 0, HEADER);
        boolean hasPalette = file[COLOR_TYPE] == PALETTE;
        boolean begun = false;
        boolean ended = false;
        int at = HEADER;
        while (at <= file.length - 8) {
            String type = type(file, at);
            long length = 12 + (bytes.getInt(at) & 0xffffffffL);
            int kept = (int) Math.min(length, file.length - at);
            boolean isPixels = type.equals("IDAT");
            ended |= begun && !isPixels;
            begun |= isPixels;
            if (isPixels && !ended || type.equals("IHDR") || type.equals("IEND") || type.equals("PLTE") && hasPalette) {
                alone.put(file, at, kept);
            }
            at += kept;
        }
        return Arrays.copyOf(alone.array(), alone.position());
    }

    private static String type(byte[] file, int chunk) {
        return new String(file, chunk + 4, 4, StandardCharsets.ISO_8859_1);
    }

    private static Exif exif(ByteBuffer bytes) {
        Exif exif = new Exif();
        byte[] file = bytes.array();
        boolean has = false;
        int at = HEADER;
        while (at <= file.length - 12) {
            int length = bytes.getInt(at);
            int data = at + 8;
            if (length < 0 || length > file.length - data) break;
            String type = type(file, at);
            if (type.equals("eXIf")) {
                exif.addTiff(file, data, data + length);
                has = true;
            } else if (type.endsWith("Xt") && !has) {
                text(exif, type, file, data, data + length);
            }
            at = data + length + 4;
        }
        return exif;
    }

    /** Take EXIF data or XMP from a text chunk, where ImageMagick and Photoshop put them. */
    private static void text(Exif exif, String type, byte[] file, int from, int to) {
        int end = from;
        while (end < to && file[end] != 0) end++;
        String keyword = new String(file, from, end - from, StandardCharsets.ISO_8859_1);
        int at = end + 1;
        boolean packed = type.equals("zTXt");
        if (packed) at++;
        if (type.equals("iTXt") && at + 2 <= to) {
            packed = file[at] == 1;
            at += 2;
            for (int strings = 0; strings < 2 && at < to; at++) if (file[at] == 0) strings++;
        }
        if (at > to || !keyword.equals(XMP) && !keyword.equals(RAW_EXIF)) return;
        try {
            byte[] value = packed ? unpacked(file, at, to) : Arrays.copyOfRange(file, at, to);
            if (keyword.equals(XMP)) {
                exif.addXmp(value, 0, value.length);
            } else {
                // A line break, the name, the length, then lines of hexadecimal digits.
                String[] parts = new String(value, StandardCharsets.ISO_8859_1).split("\n", 4);
                byte[] tiff = HexFormat.of().parseHex(parts.length < 4 ? "" : parts[3].replaceAll("\\s", ""));
                exif.addTiff(tiff, 0, tiff.length);
            }
        } catch (IOException | IllegalArgumentException e) {
            // damaged metadata turns nothing
        }
    }

    private static byte[] unpacked(byte[] file, int from, int to) throws IOException {
        try (var in = new InflaterInputStream(new ByteArrayInputStream(file, from, to - from))) {
            return in.readNBytes(MOST_TEXT);
        }
    }
}
