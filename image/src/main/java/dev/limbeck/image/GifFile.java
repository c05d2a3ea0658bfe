package dev.limbeck.image;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;

/**
 * Read the first frame of a GIF file (GIF 89a) on its whole screen, like Pillow: pixels outside the frame have the
 * transparent color, else the palette's first. The JDK's reader returns the frame without the screen and fails on long
 * codes.
 */
final class GifFile {
    private static final int MOST_CODES = 4096;

    private final byte[] file;
    private int at = 6;
    private byte[] palette = {};
    private byte transparent;
    private int left;
    private int top;
    private int frameWidth;
    private int frameHeight;
    private boolean interlaced;

    private GifFile(byte[] file) {
        this.file = file;
    }

    static RgbImage read(byte[] file) throws IOException {
        try {
            return new GifFile(file).read();
        } catch (ArrayIndexOutOfBoundsException e) {
            throw new EOFException("the GIF is cut short");
        }
    }

    private RgbImage read() throws IOException {
        int width = word();
        int height = word();
        int flags = next();
        at += 2;
        palette = palette(flags);
        int kind = next();
        while (kind != ',') {
            if (kind == ';') throw new IOException("the GIF has no frame");
            if (kind == '!') {
                boolean control = next() == 0xf9;
                if (control && (file[at + 1] & 1) != 0) transparent = file[at + 4];
                skipBlocks();
            }
            kind = next();
        }
        left = word();
        top = word();
        frameWidth = word();
        frameHeight = word();
        flags = next();
        interlaced = (flags & 0x40) != 0;
        if ((flags & 0x80) != 0) palette = palette(flags);
        // A frame that extends beyond the screen enlarges it.
        int screenWidth = Math.max(width, left + frameWidth);
        int screenHeight = Math.max(height, top + frameHeight);
        return ImageLimits.decode(screenWidth, screenHeight, file.length, () -> decode(screenWidth, screenHeight));
    }

    private RgbImage decode(int width, int height) throws IOException {
        byte[] indices = new byte[width * height];
        Arrays.fill(indices, transparent);
        byte[] frame = decompressed(frameWidth * frameHeight);
        int[] order = rows(frameHeight, interlaced);
        for (int y = 0; y < frameHeight; y++) {
            System.arraycopy(frame, y * frameWidth, indices, (top + order[y]) * width + left, frameWidth);
        }
        if (palette.length == 0) return RgbImage.ofGray(width, height, indices, 0);
        byte[] rgb = new byte[3 * indices.length];
        for (int i = 0; i < indices.length; i++) {
            int from = 3 * (indices[i] & 0xff);
            // An index beyond the palette is black.
            if (from < palette.length) System.arraycopy(palette, from, rgb, 3 * i, 3);
        }
        return new RgbImage(width, height, rgb);
    }

    private int next() {
        return file[at++] & 0xff;
    }

    private int word() {
        return next() | next() << 8;
    }

    private byte[] palette(int flags) {
        if ((flags & 0x80) == 0) return new byte[0];
        byte[] palette = new byte[3 << (flags & 7) + 1];
        System.arraycopy(file, at, palette, 0, palette.length);
        at += palette.length;
        return palette;
    }

    private void skipBlocks() {
        for (int length = next(); length != 0; length = next()) at += length;
    }

    private static int[] rows(int height, boolean interlaced) {
        int[] rows = new int[height];
        if (!interlaced) {
            for (int y = 0; y < height; y++) rows[y] = y;
            return rows;
        }
        int[][] passes = {{0, 8}, {4, 8}, {2, 4}, {1, 2}};
        int to = 0;
        for (int[] pass : passes) for (int y = pass[0]; y < height; y += pass[1]) rows[to++] = y;
        return rows;
    }

    private byte[] decompressed(int size) throws IOException {
        int bits = next();
        if (bits < 1 || bits > 11) throw new IOException("the GIF has codes of " + bits + " bits; expected 1 to 11");
        if (size > (long) MOST_CODES * (file.length - at)) throw new EOFException("the GIF is cut short");
        int clear = 1 << bits;
        int end = clear + 1;
        short[] prefix = new short[MOST_CODES];
        byte[] suffix = new byte[MOST_CODES];
        byte[] reversed = new byte[MOST_CODES + 1];
        byte[] out = new byte[size];
        int to = 0;
        int width = bits + 1;
        int free = clear + 2;
        int last = -1;
        byte first = 0;
        int buffer = 0;
        int buffered = 0;
        int block = 0;
        while (to < size) {
            while (buffered < width) {
                if (block == 0) {
                    block = next();
                    if (block == 0 || block > file.length - at) throw new EOFException("the GIF is cut short");
                }
                buffer |= next() << buffered;
                buffered += 8;
                block--;
            }
            int code = buffer & (1 << width) - 1;
            buffer >>>= width;
            buffered -= width;
            if (code == clear) {
                width = bits + 1;
                free = clear + 2;
                last = -1;
                continue;
            }
            if (code == end) throw new EOFException("the GIF is cut short");
            int count = 0;
            int walk = code;
            if (code >= free || last < 0 && code > end) {
                if (code != free || last < 0) throw new IOException("the GIF has a code that it did not define");
                reversed[count++] = first;
                walk = last;
            }
            while (walk >= clear) {
                reversed[count++] = suffix[walk];
                walk = prefix[walk];
            }
            first = (byte) walk;
            reversed[count++] = first;
            while (count > 0 && to < size) out[to++] = reversed[--count];
            if (last >= 0 && free < MOST_CODES) {
                prefix[free] = (short) last;
                suffix[free++] = first;
                if (free == 1 << width && width < 12) width++;
            }
            last = code;
        }
        return out;
    }
}
