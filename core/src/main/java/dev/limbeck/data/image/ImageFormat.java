package dev.limbeck.data.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Recognize image formats by how a file begins, whatever it is called. */
enum ImageFormat {
    JPEG(true),
    PNG(true),
    GIF(true),
    BMP(true),
    WEBP(true),
    TIFF(true),
    HEIF(false),
    JPEG_2000(false),
    JPEG_XL(false),
    PSD(false),
    OPEN_EXR(false),
    NETPBM(false),
    DICOM(false);

    /** How many bytes of a file are enough to recognize it: DICOM's mark comes last. */
    static final int HEAD = 132;

    private static final Set<String> HEIF_BRANDS =
            Set.of("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1", "avif", "avis");
    /** The sizes of BMP headers, OS/2's first. */
    private static final Set<Integer> BMP_HEADERS = Set.of(12, 16, 40, 52, 56, 64, 108, 124);

    private static final String SPACE = "(?:\\s|#[^\\n]*\\n)+";
    private static final String SIZES = SPACE + "\\d{1,9}" + SPACE + "\\d{1,9}";
    /** The sizes, the greatest value where pixels are no bits, then what pixels begin with (Netpbm's manuals). */
    private static final Pattern NETPBM_HEADER = Pattern.compile("P(?:1" + SIZES + SPACE + "[01]"
            + "|4" + SIZES + "\\s"
            + "|[23]" + SIZES + SPACE + "\\d{1,9}" + SPACE + "\\d"
            + "|[56]" + SIZES + SPACE + "\\d{1,9}\\s"
            + "|7\\n(?:#[^\\n]*\\n)*WIDTH )");

    /** Whether {@link ImageDecoder} reads it. */
    final boolean isRead;

    ImageFormat(boolean isRead) {
        this.isRead = isRead;
    }

    /**
     * Recognize a format.
     *
     * @param head the first {@link #HEAD} bytes, fewer if the file is shorter
     * @return null if it is no image of a known format
     */
    static @Nullable ImageFormat of(byte[] head) {
        if (begins(head, 0xff, 0xd8, 0xff)) return JPEG;
        if (begins(head, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) return PNG;
        if (hasText(head, 0, "GIF87a") || hasText(head, 0, "GIF89a")) return GIF;
        if (isBmp(head)) return BMP;
        if (hasText(head, 0, "RIFF") && hasText(head, 8, "WEBP")) return WEBP;
        if (isTiff(head)) return TIFF;
        if (hasText(head, 4, "ftyp") && HEIF_BRANDS.contains(text(head, 8, 4))) return HEIF;
        if (begins(head, 0, 0, 0, 12, 'j', 'P', ' ', ' ') || begins(head, 0xff, 0x4f, 0xff, 0x51)) return JPEG_2000;
        if (begins(head, 0, 0, 0, 12, 'J', 'X', 'L', ' ')) return JPEG_XL;
        if (hasText(head, 0, "8BPS")) return PSD;
        if (begins(head, 0x76, 0x2f, 0x31, 0x01)) return OPEN_EXR;
        if (isNetpbm(head)) return NETPBM;
        if (hasText(head, 128, "DICM")) return DICOM;
        return null;
    }

    /** Two letters alone might begin a text too. */
    private static boolean isBmp(byte[] head) {
        return hasText(head, 0, "BM")
                && head.length >= 18
                && head[15] == 0
                && head[16] == 0
                && head[17] == 0
                && BMP_HEADERS.contains(head[14] & 0xff);
    }

    private static boolean isTiff(byte[] head) {
        return begins(head, 'I', 'I', 42, 0)
                || begins(head, 'M', 'M', 0, 42)
                || begins(head, 'I', 'I', 43, 0)
                || begins(head, 'M', 'M', 0, 43);
    }

    /** Letter and digit alone might begin a text too, so the sizes must follow; a long comment may hide them. */
    private static boolean isNetpbm(byte[] head) {
        Matcher matcher = NETPBM_HEADER.matcher(new String(head, StandardCharsets.ISO_8859_1));
        return matcher.lookingAt() || head.length >= HEAD && matcher.hitEnd();
    }

    private static boolean begins(byte[] head, int... values) {
        if (head.length < values.length) return false;
        for (int i = 0; i < values.length; i++) if ((head[i] & 0xff) != values[i]) return false;
        return true;
    }

    private static boolean hasText(byte[] head, int at, String text) {
        return text.equals(text(head, at, text.length()));
    }

    private static String text(byte[] head, int at, int length) {
        return head.length < at + length
                ? ""
                : new String(Arrays.copyOfRange(head, at, at + length), StandardCharsets.ISO_8859_1);
    }
}
