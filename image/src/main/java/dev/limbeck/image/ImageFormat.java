package dev.limbeck.image;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * List image formats, supported or not. A format is recognized by a file's first bytes, whatever its name, or by its
 * suffix.
 */
public enum ImageFormat {
    PNG("PNG", "png", head -> begins(head, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')),
    JPEG("JPEG", "jpg jpeg jpe jfif jif", head -> begins(head, 0xff, 0xd8, 0xff)),
    BMP("BMP", "bmp dib", ImageFormat::isBmp),
    GIF("GIF", "gif", head -> hasText(head, 0, "GIF87a") || hasText(head, 0, "GIF89a")),
    WEBP("WebP", "webp", head -> hasText(head, 0, "RIFF") && hasText(head, 8, "WEBP")),
    TIFF("TIFF", "tif tiff", ImageFormat::isTiff),

    AVIF(false, "AVIF", "avif avifs", head -> hasBrand(head, "avif", "avis")),
    HEIC(false, "HEIC", "heic heics heif heifs hif", head -> hasBrand(head, "hei", "hev", "mif1", "mif2", "msf1")),
    JPEG_2000(
            false,
            "JPEG 2000",
            "jp2 j2k j2c jpc jpx jpf jpm",
            head -> begins(head, 0, 0, 0, 12, 'j', 'P', ' ', ' ') || begins(head, 0xff, 0x4f, 0xff, 0x51)),
    /** In a container, or a bare codestream. */
    JPEG_XL(
            false,
            "JPEG XL",
            "jxl",
            head -> begins(head, 0, 0, 0, 12, 'J', 'X', 'L', ' ') || begins(head, 0xff, 0x0a) && head.length > 2),
    JPEG_XR(false, "JPEG XR", "jxr wdp hdp", head -> begins(head, 'I', 'I', 0xbc)),
    PHOTOSHOP(false, "Photoshop", "psd psb", head -> hasText(head, 0, "8BPS")),
    SVG(false, "SVG", "svg svgz", ImageFormat::isSvg),
    PDF(false, "PDF", "", head -> hasText(head, 0, "%PDF-")),
    ICON(false, "icon", "ico cur icns", ImageFormat::isIcon),
    DDS(false, "DDS", "dds", head -> begins(head, 'D', 'D', 'S', ' ', 124, 0, 0, 0)),
    TARGA(false, "Targa", "tga", head -> false),
    PCX(false, "PCX", "pcx", ImageFormat::isPcx),
    NETPBM(false, "Netpbm", "ppm pgm pbm pnm pam pfm", ImageFormat::isNetpbm),
    OPEN_EXR(false, "OpenEXR", "exr", head -> begins(head, 0x76, 0x2f, 0x31, 0x01)),
    RADIANCE(false, "Radiance", "hdr", head -> hasText(head, 0, "#?RADIANCE\n") || hasText(head, 0, "#?RGBE\n")),
    DICOM(false, "DICOM", "dcm dicom", head -> hasText(head, 128, "DICM")),
    FITS(false, "FITS", "fits fit fts", head -> hasText(head, 0, "SIMPLE  =")),
    QOI(false, "QOI", "qoi", head -> hasText(head, 0, "qoif")),
    GIMP(false, "GIMP", "xcf", head -> hasText(head, 0, "gimp xcf ")),
    /** Most raw files are TIFF files too, with a small preview as the first page. */
    RAW(false, "camera raw", "cr2 cr3 crw nef nrw arw sr2 dng orf rw2 raf srw pef", ImageFormat::isRaw);

    /** Number of leading bytes that suffice to recognize a file; an SVG may have comments before its first element. */
    public static final int HEAD = 1024;

    /** The supported formats, for messages. */
    public static final String READ = words();

    private static final Map<String, ImageFormat> BY_SUFFIX = bySuffix();

    /** Sizes of BMP headers, those of OS/2 first. */
    private static final Set<Integer> BMP_HEADERS = Set.of(12, 16, 40, 52, 56, 64, 108, 124);

    private static final String SPACE = "(?:\\s|#[^\\n]*\\n)+";
    private static final String SIZES = SPACE + "\\d{1,9}" + SPACE + "\\d{1,9}";
    /** Sizes, the maximum value unless pixels are bits, then the first characters of the pixels (Netpbm's manuals). */
    private static final Pattern NETPBM_HEADER = Pattern.compile("P(?:1" + SIZES + SPACE + "[01]"
            + "|4" + SIZES + "\\s"
            + "|[23]" + SIZES + SPACE + "\\d{1,9}" + SPACE + "\\d"
            + "|[56]" + SIZES + SPACE + "\\d{1,9}\\s"
            + "|[Ff]" + SIZES + SPACE + "-?\\d"
            + "|7\\n(?:#[^\\n]*\\n)*WIDTH )");

    private static final Pattern SVG_START = Pattern.compile(
            "(?:\u00ef\u00bb\u00bf)?\\s*+(?:<\\?[^>]*+>\\s*+|<!--(?:[^-]|-(?!->))*+-->\\s*+)*+(?:<!DOCTYPE\\s+svg|<(?:svg:)?svg[\\s>])");

    /** Name in messages. */
    final String title;
    /** Whether {@link ImageDecoder} supports it. */
    public final boolean isRead;

    private final Set<String> suffixes;
    private final Predicate<byte[]> matches;

    ImageFormat(String title, String suffixes, Predicate<byte[]> matches) {
        this(true, title, suffixes, matches);
    }

    ImageFormat(boolean isRead, String title, String suffixes, Predicate<byte[]> matches) {
        this.isRead = isRead;
        this.title = title;
        this.suffixes = suffixes.isEmpty() ? Set.of() : Set.of(suffixes.split(" "));
        this.matches = matches;
    }

    /**
     * Recognize a format.
     *
     * @param head the first {@link #HEAD} bytes or more, fewer if the file is shorter
     * @return null if it is not an image of a known format
     */
    public static @Nullable ImageFormat of(byte[] head) {
        byte[] start = head.length <= HEAD ? head : Arrays.copyOf(head, HEAD);
        // Most raw files begin like TIFF files.
        if (RAW.matches.test(start)) return RAW;
        for (ImageFormat format : values()) if (format.matches.test(start)) return format;
        return null;
    }

    /** Return the format of a lower-case suffix; null if unknown. */
    public static @Nullable ImageFormat ofSuffix(String suffix) {
        return BY_SUFFIX.get(suffix);
    }

    private static Map<String, ImageFormat> bySuffix() {
        Map<String, ImageFormat> formats = new HashMap<>();
        for (ImageFormat format : values()) for (String suffix : format.suffixes) formats.put(suffix, format);
        return formats;
    }

    private static String words() {
        List<String> titles = Arrays.stream(values())
                .filter(format -> format.isRead)
                .map(format -> format.title)
                .toList();
        return titles.stream().limit(titles.size() - 1L).collect(Collectors.joining(", ")) + " or "
                + titles.get(titles.size() - 1);
    }

    /** Check more than the first two letters, because a text may begin with them too. */
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

    /** Recognize raw files with a signature of their own: Canon, Olympus, Panasonic, Fujifilm. */
    private static boolean isRaw(byte[] head) {
        return begins(head, 'I', 'I', 42, 0) && hasText(head, 8, "CR")
                || hasText(head, 0, "IIRO")
                || hasText(head, 0, "IIRS")
                || hasText(head, 0, "MMOR")
                || begins(head, 'I', 'I', 'U', 0)
                || hasText(head, 0, "FUJIFILMCCD-RAW")
                || hasText(head, 6, "HEAPCCDR")
                || hasBrand(head, "crx ");
    }

    /** Search the compatible brands of an ISO media file (ISO/IEC 14496-12) for a prefix. */
    private static boolean hasBrand(byte[] head, String... brands) {
        if (!hasText(head, 4, "ftyp") || head.length < 12) return false;
        int box = (head[0] & 0xff) << 24 | (head[1] & 0xff) << 16 | (head[2] & 0xff) << 8 | head[3] & 0xff;
        int end = Math.max(12, Math.min(head.length, box));
        for (int at = 8; at + 4 <= end; at += at == 8 ? 8 : 4) {
            for (String brand : brands) if (hasText(head, at, brand)) return true;
        }
        return false;
    }

    /** Check the first picture's entry as well, because many files begin with zeros and ones. */
    private static boolean isIcon(byte[] head) {
        if (hasText(head, 0, "icns")) return true;
        boolean icon = begins(head, 0, 0, 1, 0);
        if (!icon && !begins(head, 0, 0, 2, 0) || head.length < 22) return false;
        int count = head[4] & 0xff | (head[5] & 0xff) << 8;
        int offset = head[18] & 0xff | (head[19] & 0xff) << 8 | (head[20] & 0xff) << 16 | (head[21] & 0xff) << 24;
        boolean planes = !icon || head[10] >= 0 && head[10] <= 1 && head[11] == 0;
        return count > 0 && head[9] == 0 && planes && offset >= 6 + 16 * count;
    }

    private static boolean isPcx(byte[] head) {
        return head.length >= 128
                && head[0] == 10
                && Set.of(0, 2, 3, 4, 5).contains((int) head[1])
                && head[2] == 1
                && Set.of(1, 2, 4, 8).contains((int) head[3])
                && head[64] == 0;
    }

    /** Check the sizes as well, because a text may begin with a letter and a digit. A long comment may hide them. */
    private static boolean isNetpbm(byte[] head) {
        Matcher matcher = NETPBM_HEADER.matcher(new String(head, StandardCharsets.ISO_8859_1));
        return matcher.lookingAt() || head.length >= HEAD && matcher.hitEnd();
    }

    private static boolean isSvg(byte[] head) {
        return SVG_START.matcher(new String(head, StandardCharsets.ISO_8859_1)).lookingAt();
    }

    private static boolean begins(byte[] head, int... values) {
        if (head.length < values.length) return false;
        for (int i = 0; i < values.length; i++) if ((head[i] & 0xff) != values[i]) return false;
        return true;
    }

    private static boolean hasText(byte[] head, int at, String text) {
        if (head.length < at + text.length()) return false;
        for (int i = 0; i < text.length(); i++) if ((head[at + i] & 0xff) != text.charAt(i)) return false;
        return true;
    }
}
