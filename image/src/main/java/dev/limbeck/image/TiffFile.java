package dev.limbeck.image;

import com.twelvemonkeys.imageio.plugins.tiff.BigTIFFImageReaderSpi;
import com.twelvemonkeys.imageio.plugins.tiff.TIFFImageReaderSpi;
import com.twelvemonkeys.imageio.stream.ByteArrayImageInputStream;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import javax.imageio.spi.ImageReaderSpi;

/**
 * Read the first page of a TIFF file (TIFF 6.0) with TwelveMonkeys. The reader receives only that page and the tags
 * that describe how pixels are stored: no color profile, no further pages, no subdirectories.
 */
final class TiffFile {
    private static final int WIDTH = 256;
    private static final int HEIGHT = 257;
    private static final int BITS = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int SAMPLES = 277;
    private static final int PLANES = 284;
    private static final int COLOR_MAP = 320;
    private static final int TILE_WIDTH = 322;
    private static final int TILE_HEIGHT = 323;
    private static final int STRIP_OFFSETS = 273;
    private static final int ROWS_PER_STRIP = 278;
    private static final int TILE_OFFSETS = 324;
    private static final int XMP = 700;
    private static final int EXTRA_SAMPLES = 338;
    private static final int SAMPLE_FORMAT = 339;
    private static final int BLACK_IS_ZERO = 1;
    private static final int RGB = 2;
    private static final int PALETTE = 3;
    private static final int CMYK = 5;
    private static final int YCBCR = 6;
    private static final int MULTIPLIED = 1;
    private static final Set<Integer> NEEDED = Set.of(
            254,
            WIDTH,
            HEIGHT,
            BITS,
            COMPRESSION,
            PHOTOMETRIC,
            266,
            273,
            SAMPLES,
            278,
            279,
            PLANES,
            292,
            293,
            317,
            TILE_WIDTH,
            TILE_HEIGHT,
            324,
            325,
            332,
            334,
            EXTRA_SAMPLES,
            SAMPLE_FORMAT,
            347,
            512,
            513,
            514,
            515,
            517,
            518,
            519,
            520,
            521,
            529,
            530,
            531,
            532);
    /** Supported color spaces: white or black is zero, RGB, palette, CMYK, YCbCr. */
    private static final Set<Long> READ = Set.of(0L, 1L, 2L, 3L, 5L, 6L);

    /**
     * Supported compressions: none, CCITT (RLE, T.4, T.6), LZW, old and new JPEG, Deflate, CCITT RLE-W, PackBits, old
     * Deflate.
     */
    private static final Set<Long> COMPRESSIONS = Set.of(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 32771L, 32773L, 32946L);

    private static final Map<Long, String> NAMES = Map.of(
            34712L, " (JPEG 2000)", 34887L, " (LERC)", 34925L, " (LZMA)", 50000L, " (Zstandard)", 50001L, " (WebP)");

    private final byte[] file;
    private final TiffTags tags;

    private TiffFile(byte[] file) {
        this.file = file;
        tags = TiffTags.of(file);
    }

    static RgbImage read(byte[] file) throws IOException {
        return new TiffFile(file).read();
    }

    private RgbImage read() throws IOException {
        if (!tags.has(WIDTH) || !tags.has(HEIGHT))
            throw new EOFException("the TIFF is cut short: it does not say its size");
        long width = tags.get(WIDTH, 0, 0);
        long height = tags.get(HEIGHT, 0, 0);
        checkKind(width, height);
        ImageLimits.check(width, height);
        checkScans(width * height);
        return ImageLimits.decode(width, height, memory(width, height), file.length, this::decode);
    }

    private void checkKind(long width, long height) throws IOException {
        long samples = tags.get(SAMPLES, 0, 1);
        long photometric = tags.get(PHOTOMETRIC, 0, 1);
        long least = photometric == RGB || photometric == YCBCR ? 3 : photometric == CMYK ? 4 : 1;
        long most = isOneChannel() ? 2 : photometric == YCBCR ? 3 : 16;
        if (!READ.contains(photometric) || samples < least || samples > most) {
            throw new IOException("a TIFF with photometric interpretation " + photometric + " and " + samples
                    + " samples; expected gray or palette (1 or 2), RGB, CMYK or YCbCr (3); save it as PNG");
        }
        long compression = tags.get(COMPRESSION, 0, 1);
        if (!COMPRESSIONS.contains(compression)) {
            throw new IOException("a TIFF with compression " + compression + NAMES.getOrDefault(compression, "")
                    + "; expected none, PackBits, LZW, Deflate, CCITT or JPEG; save it with one of these");
        }
        long bits = tags.get(BITS, 0, 1);
        boolean same = true;
        for (int i = 0; i < tags.count(BITS); i++) same &= tags.get(BITS, i, 0) == bits;
        if (!same
                || bits != 1 && bits != 2 && bits != 4 && bits != 8 && bits != 16
                || tags.get(SAMPLE_FORMAT, 0, 1) != 1) {
            throw new IOException("a TIFF with samples of " + bits + " bits, format " + tags.get(SAMPLE_FORMAT, 0, 1)
                    + "; expected unsigned integers of 1, 2, 4, 8 or 16 bits; save it with 8");
        }
        if (bits < 8 && samples > 1 && !changes().containsKey(SAMPLES)) {
            throw new IOException(
                    "a TIFF with " + samples + " samples of " + bits + " bits; expected 8 or 16; save it as PNG");
        }
        if (isPalette() && tags.count(COLOR_MAP) < 3) {
            throw new IOException("a TIFF with a palette, but without its color map; save it as PNG");
        }
        // A tile may be larger than the image, but only by its rounding.
        if (tags.get(TILE_WIDTH, 0, 16) > Math.max(2 * width, 4096)
                || tags.get(TILE_HEIGHT, 0, 16) > Math.max(2 * height, 4096)) {
            throw new IOException("the TIFF declares tiles of " + tags.get(TILE_WIDTH, 0, 16) + "×"
                    + tags.get(TILE_HEIGHT, 0, 16) + " pixels for a picture of " + width + "×" + height);
        }
    }

    /** Return the memory that the reader needs for the pixels and one tile, which may be larger than the image. */
    private long memory(long width, long height) {
        long bits = tags.get(SAMPLES, 0, 1) * tags.get(BITS, 0, 1);
        long tile = tags.get(TILE_WIDTH, 0, 0) * tags.get(TILE_HEIGHT, 0, 0);
        long rows = Math.min(height, tags.get(ROWS_PER_STRIP, 0, height));
        return (width * height + Math.max(tile, width * rows)) * bits / 8;
    }

    /** Check the embedded JPEGs, each of which is decoded as a whole. */
    private void checkScans(long pixels) throws IOException {
        long compression = tags.get(COMPRESSION, 0, 1);
        if (compression != 6 && compression != 7) return;
        int offsets = tags.has(TILE_OFFSETS) ? TILE_OFFSETS : STRIP_OFFSETS;
        int parts = tags.count(offsets);
        long looked = 0;
        for (int i = 0; i < parts; i++) {
            long from = tags.get(offsets, i, 0);
            long to = from + tags.get(offsets + (offsets == TILE_OFFSETS ? 1 : 6), i, 0);
            if (from < 0 || from > to || to > file.length) continue;
            // Overlapping parts would be decoded repeatedly.
            looked += to - from;
            if (looked > 2L * file.length) throw new IOException("the TIFF has parts that overlap; save it anew");
            JpegScans.check(file, (int) from, (int) to, pixels / parts);
        }
        if (compression == 6) JpegScans.check(file, 0, file.length, pixels / Math.max(1, parts));
    }

    private RgbImage decode() throws IOException {
        Map<Integer, Integer> changes = changes();
        Set<Integer> needed = new HashSet<>(NEEDED);
        if (changes.containsKey(SAMPLES)) needed.remove(EXTRA_SAMPLES);
        byte[] alone = tags.alone(needed, changes);
        boolean big = (file[0] == 'I' ? file[2] : file[3]) == 43;
        ImageReaderSpi provider = big ? new BigTIFFImageReaderSpi() : new TIFFImageReaderSpi();
        return Readers.by(provider, "TIFF", new ByteArrayImageInputStream(alone), reader -> rgb(reader.read(0)))
                .upright(orientation());
    }

    private boolean isPalette() {
        return tags.get(PHOTOMETRIC, 0, 1) == PALETTE;
    }

    /**
     * Return the tags to change for the reader. Palette indices become gray, because the reader supports alpha only
     * with gray. If one plane is sufficient, it is read alone, because the reader fails on gray with other planes.
     */
    private Map<Integer, Integer> changes() {
        Map<Integer, Integer> changes = new HashMap<>();
        if (isPalette()) changes.put(PHOTOMETRIC, BLACK_IS_ZERO);
        // The reader inverts alpha too if white is zero.
        if (isWhiteZero() && isMultiplied()) changes.put(PHOTOMETRIC, BLACK_IS_ZERO);
        if (tags.get(PLANES, 0, 1) == 2 && isOneChannel() && (isPalette() || !isMultiplied())) {
            changes.putAll(Map.of(PLANES, 1, SAMPLES, 1, BITS, (int) tags.get(BITS, 0, 1)));
        }
        return changes;
    }

    /** Return whether a pixel has one channel, with or without alpha. */
    private boolean isOneChannel() {
        return isPalette() || tags.get(PHOTOMETRIC, 0, 1) <= BLACK_IS_ZERO;
    }

    private boolean isWhiteZero() {
        return tags.get(PHOTOMETRIC, 0, 1) == 0;
    }

    private boolean isMultiplied() {
        return tags.get(EXTRA_SAMPLES, 0, 0) == MULTIPLIED;
    }

    private int orientation() {
        return Exif.orientation(tags, new String(tags.bytes(XMP), StandardCharsets.ISO_8859_1));
    }

    private RgbImage rgb(BufferedImage image) {
        if (isPalette()) return lookedUp(image.getRaster());
        boolean cmyk = tags.get(PHOTOMETRIC, 0, 1) == CMYK;
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        if (!cmyk && !(isMultiplied() && (bands == 2 || bands >= 4))) return RgbImage.of(image);
        int width = image.getWidth();
        int height = image.getHeight();
        int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT ? 8 : 0;
        byte[] four = new byte[4 * width * height];
        int[] row = new int[bands * width];
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int from = 0; from < row.length; from += bands, to += 4) {
                for (int c = 0; c < 3; c++) {
                    int sample = row[from + (bands == 2 ? 0 : c)] >> shift;
                    four[to + c] = (byte) (isWhiteZero() ? ~sample : sample);
                }
                four[to + 3] = (byte) (row[from + Math.min(3, bands - 1)] >> shift);
            }
        }
        return cmyk ? Samples.cmyk(width, height, four) : Samples.divided(width, height, four);
    }

    private RgbImage lookedUp(Raster positions) {
        int colors = tags.count(COLOR_MAP) / 3;
        int most = 0;
        for (int i = 0; i < 3 * colors; i++) most = Math.max(most, (int) tags.get(COLOR_MAP, i, 0));
        // Old writers stored 8-bit values; libtiff detects them by the same test.
        int shift = most < 256 ? 0 : 8;
        byte[] palette = new byte[3 * colors];
        for (int i = 0; i < 3 * colors; i++)
            palette[3 * (i % colors) + i / colors] = (byte) (tags.get(COLOR_MAP, i, 0) >> shift);
        int width = positions.getWidth();
        byte[] rgb = new byte[3 * width * positions.getHeight()];
        int[] row = new int[width];
        for (int y = 0, to = 0; y < positions.getHeight(); y++) {
            positions.getSamples(0, y, width, 1, 0, row);
            for (int x = 0; x < width; x++, to += 3) {
                // An index beyond the palette is black.
                if (row[x] < colors) System.arraycopy(palette, 3 * row[x], rgb, to, 3);
            }
        }
        return new RgbImage(width, positions.getHeight(), rgb);
    }
}
