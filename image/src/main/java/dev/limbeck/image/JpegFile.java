package dev.limbeck.image;

import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import javax.imageio.ImageReader;

/**
 * Read a JPEG file (ITU-T T.81) like libjpeg-turbo and Pillow. The JDK's decoder computes the same samples, but it
 * applies color profiles, interprets three or four components by its own rules, and fails on stray bytes. So it
 * receives only the tables, frame and scans, after one marker that declares the color space.
 */
final class JpegFile {
    private static final int START_OF_IMAGE = 0xd8;
    private static final int END_OF_IMAGE = 0xd9;
    private static final int START_OF_SCAN = 0xda;
    private static final int HUFFMAN_TABLES = 0xc4;
    private static final int EXTENSION = 0xc8;
    private static final int ARITHMETIC_TABLES = 0xcc;
    private static final int APP0 = 0xe0;
    private static final int APP1 = 0xe1;
    private static final int APP14 = 0xee;
    private static final int APP15 = 0xef;
    private static final int COMMENT = 0xfe;
    private static final byte[] JFIF = {
        (byte) 0xff, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
    };
    private static final byte[] ADOBE = {
        (byte) 0xff, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
    };

    private final byte[] file;
    private final ByteArrayOutputStream cleaned;
    private final Exif exif = new Exif();
    private boolean jfif;
    private int adobe = -1;
    private int frame = -1;
    private int scan = -1;

    private JpegFile(byte[] file) {
        this.file = file;
        cleaned = new ByteArrayOutputStream(file.length + JFIF.length);
    }

    /** Decode the image and rotate it upright. */
    static RgbImage read(byte[] file) throws IOException {
        return new JpegFile(file).read();
    }

    /**
     * Return whether an end marker follows the image data. Decoders fill missing data with gray and at most warn. The
     * end marker of a thumbnail, which comes before the scan, does not count.
     */
    private boolean hasEnd() {
        for (int i = file.length - 2; i > scan; i--) {
            if (at(file, i) == 0xff && at(file, i + 1) == END_OF_IMAGE) return true;
        }
        return false;
    }

    private RgbImage read() throws IOException {
        scanSegments();
        if (scan < 0 || !hasEnd()) throw new IOException("the JPEG is cut short");
        if (frame < 0) throw new IOException("the JPEG has no frame header");
        checkProcess();
        int components = at(file, frame + 9);
        int width = word(frame + 7);
        int height = word(frame + 5);
        ImageLimits.check(width, height);
        JpegScans.check(file, scan, file.length, (long) width * height);
        long memory = (long) Math.max(3, components) * width * height;
        return ImageLimits.decode(width, height, memory, file.length, () -> decode(components));
    }

    private RgbImage decode(int components) throws IOException {
        byte[] start = {(byte) 0xff, (byte) START_OF_IMAGE};
        byte[] marker = marker(components);
        byte[] body = cleaned.toByteArray();
        byte[] whole = new byte[start.length + marker.length + body.length + file.length - scan];
        System.arraycopy(start, 0, whole, 0, 2);
        System.arraycopy(marker, 0, whole, 2, marker.length);
        System.arraycopy(body, 0, whole, 2 + marker.length, body.length);
        System.arraycopy(file, scan, whole, 2 + marker.length + body.length, file.length - scan);
        return Readers.byJdk("JPEG", whole, reader -> decode(reader, components))
                .upright(exif.orientation());
    }

    private RgbImage decode(ImageReader reader, int components) throws IOException {
        if (components == 4 || hasHalfAsHigh(components)) {
            Raster raster = reader.readRaster(0, null);
            byte[] samples = Samples.of(raster);
            int width = raster.getWidth();
            int height = raster.getHeight();
            for (int c = 0; c < components; c++) {
                if (isHalfAsHigh(c, components)) upsample(samples, width, height, c, components);
            }
            if (components == 4) {
                if (isYcck()) Samples.ycckToInvertedCmyk(samples);
                return Samples.invertedCmyk(width, height, samples);
            }
            if (isYcc()) Samples.yccToRgb(samples);
            return new RgbImage(width, height, samples);
        }
        BufferedImage image = reader.read(0);
        return RgbImage.of(image);
    }

    /**
     * Walk the segments up to the first scan, keep those required for decoding, and read the metadata in the others.
     */
    private void scanSegments() {
        int i = 2;
        while (i + 3 < file.length) {
            // Skip stray bytes and fill bytes between segments, like Pillow and libjpeg.
            int marker = at(file, i + 1);
            if (at(file, i) != 0xff || marker == 0xff || marker == 0) {
                i++;
                continue;
            }
            if (marker == START_OF_SCAN) {
                scan = i;
                return;
            }
            if (marker == END_OF_IMAGE) return;
            if (marker == 0x01 || marker >= 0xd0 && marker <= START_OF_IMAGE) {
                i += 2;
                continue;
            }
            int next = i + 2 + word(i + 2);
            if (next > file.length || next < i + 4) return;
            note(marker, i, next);
            boolean needed = (marker < APP0 || marker > APP15) && marker != COMMENT;
            if (needed) cleaned.write(file, i, next - i);
            i = next;
        }
    }

    private void note(int marker, int at, int next) {
        int length = next - at - 4;
        if (isFrame(marker) && length >= 6 && frame < 0) frame = at;
        if (marker == APP0 && length >= 14 && starts(at + 4, "JFIF\0")) jfif = true;
        if (marker == APP14 && length >= 12 && starts(at + 4, "Adobe")) adobe = at(file, at + 15);
        if (marker == APP1) exif.addSegment(file, at + 4, next);
    }

    private static boolean isFrame(int marker) {
        return marker >= 0xc0
                && marker <= 0xcf
                && marker != HUFFMAN_TABLES
                && marker != EXTENSION
                && marker != ARITHMETIC_TABLES;
    }

    private void checkProcess() throws IOException {
        int process = at(file, frame + 1) - 0xc0;
        int bits = at(file, frame + 4);
        int components = at(file, frame + 9);
        String found = null;
        if (process >= 9) found = "arithmetic coding";
        else if (process == 3) found = "lossless coding";
        else if (process > 3) found = "hierarchical coding";
        else if (bits != 8) found = "samples of " + bits + " bits";
        else if (components != 1 && components != 3 && components != 4) found = components + " components";
        if (found == null) return;
        throw new IOException(
                "a JPEG with " + found + "; expected a baseline or progressive one with 8 bits and 1, 3 or 4 "
                        + "components; save it as PNG or as a common JPEG");
    }

    /** Return whether three components are YCbCr by libjpeg-turbo's rules (jdapimin.c, default_decompress_parms). */
    private boolean isYcc() {
        if (jfif) return true;
        if (adobe >= 0) return adobe != 0;
        return !(id(0) == 'R' && id(1) == 'G' && id(2) == 'B');
    }

    private boolean isYcck() {
        return adobe > 0;
    }

    private byte[] marker(int components) {
        if (components == 1) return new byte[0];
        if (components == 3 && isYcc()) return JFIF;
        byte[] marker = ADOBE.clone();
        if (components == 4 && isYcck()) marker[15] = 2;
        return marker;
    }

    private int id(int component) {
        return at(file, frame + 10 + 3 * component);
    }

    private int horizontal(int component) {
        return at(file, frame + 11 + 3 * component) >> 4;
    }

    private int vertical(int component) {
        return at(file, frame + 11 + 3 * component) & 15;
    }

    /**
     * Return whether any component has full width and half the height; libjpeg 6b, in most JDKs, only repeats its rows.
     */
    private boolean hasHalfAsHigh(int components) {
        for (int c = 0; c < components; c++) if (isHalfAsHigh(c, components)) return true;
        return false;
    }

    private boolean isHalfAsHigh(int component, int components) {
        int widest = 0;
        int highest = 0;
        for (int c = 0; c < components; c++) {
            widest = Math.max(widest, horizontal(c));
            highest = Math.max(highest, vertical(c));
        }
        return horizontal(component) == widest && 2 * vertical(component) == highest;
    }

    /**
     * Replace a component's repeated rows using libjpeg-turbo's triangle filter (jdsample.c, h1v2_fancy_upsample). A
     * JDK with libjpeg-turbo, such as Debian's, does not repeat rows, and they are left unchanged.
     */
    static void upsample(byte[] samples, int width, int height, int component, int components) {
        int stride = width * components;
        for (int y = 1; y < height; y += 2) {
            for (int i = y * stride + component; i < (y + 1) * stride; i += components) {
                if (samples[i] != samples[i - stride]) return;
            }
        }
        int rows = (height + 1) / 2;
        byte[] stored = new byte[rows * width];
        for (int i = 0; i < stored.length; i++) {
            stored[i] = samples[2 * (i / width) * stride + i % width * components + component];
        }
        for (int y = 0; y < height; y++) {
            int near = y / 2;
            int far = Math.min(rows - 1, Math.max(0, y % 2 == 0 ? near - 1 : near + 1));
            int bias = y % 2 == 0 ? 1 : 2;
            for (int x = 0; x < width; x++) {
                int sum = 3 * at(stored, near * width + x) + at(stored, far * width + x);
                samples[y * stride + x * components + component] = (byte) (sum + bias >> 2);
            }
        }
    }

    private boolean starts(int at, String text) {
        for (int i = 0; i < text.length(); i++) if (at(file, at + i) != text.charAt(i)) return false;
        return true;
    }

    private int word(int index) {
        return at(file, index) << 8 | at(file, index + 1);
    }

    private static int at(byte[] file, int index) {
        return file[index] & 0xff;
    }
}
