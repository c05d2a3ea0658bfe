package dev.limbeck.image;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Read the orientation (EXIF 2.32, tag 0x0112), whatever its integer type. Like Pillow's {@code exif_transpose}, fall
 * back to XMP if EXIF has none.
 */
public final class Exif {
    private static final int ORIENTATION = 0x0112;
    private static final byte[] PREFIX = {'E', 'x', 'i', 'f', 0, 0};
    private static final byte[] XMP = "http://ns.adobe.com/xap/1.0/\0".getBytes(StandardCharsets.US_ASCII);
    private static final Pattern TAG = Pattern.compile("tiff:Orientation(?:=\"|>)([0-9])");
    private static final int MOST_BYTES = 1 << 24;

    private final ByteArrayOutputStream tiff = new ByteArrayOutputStream();
    private String xmp = "";

    /** Add a JPEG's APP1 segment, without marker and length. EXIF data may continue in the next segment. */
    public void addSegment(byte[] file, int from, int to) {
        if (starts(file, from, to, PREFIX)) {
            addTiff(file, from, to);
        } else if (starts(file, from, to, XMP)) {
            addXmp(file, from + XMP.length, to);
        }
    }

    /** Add EXIF data or a continuation of it: a TIFF structure, with or without the prefix it has in a JPEG. */
    void addTiff(byte[] file, int from, int to) {
        int start = from;
        while (starts(file, start, to, PREFIX)) start += PREFIX.length;
        if (tiff.size() + to - start <= MOST_BYTES) tiff.write(file, start, to - start);
    }

    /** Set the XMP packet. */
    void addXmp(byte[] file, int from, int to) {
        xmp = new String(file, from, Math.min(to - from, MOST_BYTES), StandardCharsets.ISO_8859_1);
    }

    /** Return 1 to 8; the default is 1, upright. */
    public int orientation() {
        byte[] joined = tiff.toByteArray();
        return ImageFormat.of(joined) == ImageFormat.TIFF ? orientation(TiffTags.of(joined), xmp) : ofXmp(xmp);
    }

    /** Return the orientation from a TIFF directory, else from an XMP packet. */
    static int orientation(TiffTags tags, String xmp) {
        return tags.has(ORIENTATION) ? checked(tags.get(ORIENTATION, 0, 1)) : ofXmp(xmp);
    }

    private static int ofXmp(String xmp) {
        Matcher matcher = TAG.matcher(xmp);
        return matcher.find() ? checked(Integer.parseInt(matcher.group(1))) : 1;
    }

    private static int checked(long found) {
        return found >= 1 && found <= 8 ? (int) found : 1;
    }

    static boolean starts(byte[] file, int from, int to, byte[] with) {
        if (to - from < with.length || to > file.length) return false;
        for (int i = 0; i < with.length; i++) if (file[from + i] != with[i]) return false;
        return true;
    }
}
