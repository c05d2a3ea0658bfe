package dev.limbeck.image;

import java.io.EOFException;
import java.io.IOException;
import java.util.Arrays;

/** Decode a VP8 key frame (RFC 6386), the lossy format of WebP, to the same pixels as libwebp. */
public final class Vp8Frame {
    private static final int[] BANDS = {0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0};
    private static final int[] ZIGZAG = {0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15};
    private static final int[][] LARGE = {
        {173, 148, 140},
        {176, 155, 140, 135},
        {180, 157, 141, 134, 130},
        {254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129}
    };
    private static final int SMALL_BLOCKS = -1;

    private final int width;
    private final int height;
    private final int columns;
    private final int rows;
    private final Vp8Plane[] planes;
    private final Vp8Bits head;
    private final Vp8Bits[] parts;
    private final int[] tokens = Vp8Tables.TOKENS.clone();

    private boolean segmented;
    private boolean segmentMap;
    private boolean absolute;
    private final int[] segmentQuantizer = new int[4];
    private final int[] segmentLevel = new int[4];
    private final int[] segmentTree = {255, 255, 255};

    private boolean simpleFilter;
    private int level;
    private int sharpness;
    private boolean levelDeltas;
    private final int[] frameDeltas = new int[4];
    private final int[] modeDeltas = new int[4];

    /** Quantizer steps of luma, second-order luma and chroma, DC and AC, for each segment. */
    private final int[][] steps = new int[4][];

    private int skipProbability = -1;

    // State of the blocks above and to the left: whether they had coefficients (4 luma, 2 + 2 chroma, second order),
    // and their modes.
    private final boolean[][] filledAbove;
    private final boolean[] filledLeft = new boolean[9];
    private final int[] modesAbove;
    private final int[] modesLeft = new int[4];
    private final int[] coefficients = new int[25 * 16];
    private final byte[] filterLevels;
    private final boolean[] filterInner;

    private Vp8Frame(byte[] file, int from, int end, int width, int height) throws IOException {
        this.width = width;
        this.height = height;
        columns = width + 15 >> 4;
        rows = height + 15 >> 4;
        int first = from + 10 + (triple(file, from) >> 5);
        if (first > end) throw new EOFException("the WebP is cut short");
        head = new Vp8Bits(file, from + 10, first);
        readHeader();
        parts = parts(file, first, end);
        readQuantizers();
        head.flag();
        for (int i = 0; i < tokens.length; i++) if (head.bit(Vp8Tables.UPDATES[i])) tokens[i] = head.number(8);
        if (head.flag()) skipProbability = head.number(8);
        planes = new Vp8Plane[] {
            new Vp8Plane(16 * columns, 16 * rows),
            new Vp8Plane(8 * columns, 8 * rows),
            new Vp8Plane(8 * columns, 8 * rows)
        };
        filledAbove = new boolean[columns][9];
        modesAbove = new int[4 * columns];
        filterLevels = new byte[columns * rows];
        filterInner = new boolean[columns * rows];
    }

    /** Decode the chunk between two offsets of a file. */
    public static RgbImage read(byte[] file, int from, int end) throws IOException {
        if (end - from < 11) throw new EOFException("the WebP is cut short");
        if ((file[from] & 1) != 0 || triple(file, from + 3) != 0x2a019d) {
            throw new IOException("the WebP does not start with a key frame");
        }
        int width = triple(file, from + 6) & 0x3fff;
        int height = triple(file, from + 8) & 0x3fff;
        return ImageLimits.decode(width, height, end - from, () -> {
            Vp8Frame frame = new Vp8Frame(file, from, end, width, height);
            frame.decode();
            return Vp8Colors.rgb(width, height, frame.planes);
        });
    }

    private static int triple(byte[] file, int at) {
        return file[at] & 0xff | (file[at + 1] & 0xff) << 8 | (file[at + 2] & 0xff) << 16;
    }

    private void readHeader() {
        head.flag();
        head.flag();
        segmented = head.flag();
        if (segmented) {
            segmentMap = head.flag();
            if (head.flag()) {
                absolute = head.flag();
                for (int i = 0; i < 4; i++) segmentQuantizer[i] = head.optional(7);
                for (int i = 0; i < 4; i++) segmentLevel[i] = head.optional(6);
            }
            if (segmentMap) for (int i = 0; i < 3; i++) segmentTree[i] = head.flag() ? head.number(8) : 255;
        }
        simpleFilter = head.flag();
        level = head.number(6);
        sharpness = head.number(3);
        levelDeltas = head.flag();
        if (levelDeltas && head.flag()) {
            for (int i = 0; i < 4; i++) if (head.flag()) frameDeltas[i] = head.signed(6);
            for (int i = 0; i < 4; i++) if (head.flag()) modeDeltas[i] = head.signed(6);
        }
    }

    private Vp8Bits[] parts(byte[] file, int from, int end) throws IOException {
        int count = 1 << head.number(2);
        int start = from + 3 * (count - 1);
        if (start > end) throw new EOFException("the WebP is cut short");
        Vp8Bits[] parts = new Vp8Bits[count];
        for (int i = 0; i < count; i++) {
            int next = i == count - 1 ? end : Math.min(end, start + triple(file, from + 3 * i));
            parts[i] = new Vp8Bits(file, start, next);
            start = next;
        }
        return parts;
    }

    private void readQuantizers() {
        int base = head.number(7);
        int[] deltas = new int[5];
        for (int i = 0; i < 5; i++) deltas[i] = head.optional(4);
        for (int i = 0; i < 4; i++) {
            int q = segmented ? segmentQuantizer[i] + (absolute ? 0 : base) : base;
            steps[i] = new int[] {
                Vp8Tables.DC[index(q + deltas[0], 127)],
                Vp8Tables.AC[index(q, 127)],
                2 * Vp8Tables.DC[index(q + deltas[1], 127)],
                Math.max(8, Vp8Tables.AC[index(q + deltas[2], 127)] * 101581 >> 16),
                Vp8Tables.DC[index(q + deltas[3], 117)],
                Vp8Tables.AC[index(q + deltas[4], 127)]
            };
        }
    }

    private static int index(int q, int most) {
        return Math.max(0, Math.min(most, q));
    }

    private void decode() throws IOException {
        for (int row = 0; row < rows; row++) {
            Vp8Bits part = parts[row & parts.length - 1];
            Arrays.fill(filledLeft, false);
            Arrays.fill(modesLeft, Vp8Prediction.DC);
            for (int column = 0; column < columns; column++) {
                macroblock(column, row, part);
                if (head.exhausted() || part.exhausted()) throw new EOFException("the WebP is cut short");
            }
        }
        // Filter after all blocks are decoded, because prediction uses unfiltered samples.
        if (level == 0) return;
        Vp8LoopFilter filter = new Vp8LoopFilter(simpleFilter, planes);
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                int at = row * columns + column;
                filter.filter(column, row, filterLevels[at], sharpness, filterInner[at]);
            }
        }
    }

    private void macroblock(int column, int row, Vp8Bits part) {
        int segment = 0;
        if (segmentMap) {
            segment = head.bit(segmentTree[0])
                    ? 2 + (head.bit(segmentTree[2]) ? 1 : 0)
                    : head.bit(segmentTree[1]) ? 1 : 0;
        }
        boolean skipped = skipProbability >= 0 && head.bit(skipProbability);
        int[] small = new int[16];
        int mode = readModes(column, small);
        int chroma = !head.bit(142)
                ? Vp8Prediction.DC
                : !head.bit(114)
                        ? Vp8Prediction.VERTICAL
                        : head.bit(183) ? Vp8Prediction.TRUE_MOTION : Vp8Prediction.HORIZONTAL;
        Arrays.fill(coefficients, 0);
        boolean filled = false;
        if (skipped) {
            boolean[] above = filledAbove[column];
            Arrays.fill(above, 0, 8, false);
            Arrays.fill(filledLeft, 0, 8, false);
            if (mode != SMALL_BLOCKS) above[8] = filledLeft[8] = false;
        } else {
            filled = readCoefficients(column, part, mode, steps[segment]);
        }
        reconstruct(column, row, mode, small, chroma);
        int at = row * columns + column;
        filterLevels[at] = (byte) levelOf(segment, mode == SMALL_BLOCKS);
        filterInner[at] = filled || mode == SMALL_BLOCKS;
    }

    private int levelOf(int segment, boolean small) {
        int of = segmented ? segmentLevel[segment] + (absolute ? 0 : level) : level;
        if (levelDeltas) of += frameDeltas[0] + (small ? modeDeltas[0] : 0);
        return index(of, 63);
    }

    /** Read the luma mode, and the modes of the subblocks if they have their own. */
    private int readModes(int column, int[] small) {
        if (head.bit(145)) {
            int mode = head.bit(156)
                    ? head.bit(128) ? Vp8Prediction.TRUE_MOTION : Vp8Prediction.HORIZONTAL
                    : head.bit(163) ? Vp8Prediction.VERTICAL : Vp8Prediction.DC;
            Arrays.fill(modesAbove, 4 * column, 4 * column + 4, mode);
            Arrays.fill(modesLeft, mode);
            return mode;
        }
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                int mode = smallMode(9 * (10 * modesAbove[4 * column + x] + modesLeft[y]));
                modesAbove[4 * column + x] = modesLeft[y] = small[4 * y + x] = mode;
            }
        }
        return SMALL_BLOCKS;
    }

    private int smallMode(int at) {
        int[] p = Vp8Tables.MODES;
        if (!head.bit(p[at])) return Vp8Prediction.DC;
        if (!head.bit(p[at + 1])) return Vp8Prediction.TRUE_MOTION;
        if (!head.bit(p[at + 2])) return Vp8Prediction.VERTICAL;
        if (!head.bit(p[at + 3])) {
            if (!head.bit(p[at + 4])) return Vp8Prediction.HORIZONTAL;
            return head.bit(p[at + 5]) ? 6 : 5;
        }
        if (!head.bit(p[at + 6])) return 4;
        if (!head.bit(p[at + 7])) return 7;
        return head.bit(p[at + 8]) ? 9 : 8;
    }

    /** Read all blocks of a macroblock; return whether any coefficient is nonzero. */
    private boolean readCoefficients(int column, Vp8Bits part, int mode, int[] step) {
        boolean[] above = filledAbove[column];
        boolean any = false;
        int first = 0;
        int type = 3;
        if (mode != SMALL_BLOCKS) {
            int[] second = new int[16];
            int count = block(part, 1, context(above[8], filledLeft[8]), 0, step[2], step[3], second, 0);
            above[8] = filledLeft[8] = count > 0;
            Vp8Prediction.spread(second, coefficients);
            first = 1;
            type = 0;
        }
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                int at = 16 * (4 * y + x);
                int context = context(above[x], filledLeft[y]);
                int count = block(part, type, context, first, step[0], step[1], coefficients, at);
                above[x] = filledLeft[y] = count > first;
                any |= count > 1 || coefficients[at] != 0;
            }
        }
        for (int plane = 0; plane < 2; plane++) {
            for (int y = 0; y < 2; y++) {
                for (int x = 0; x < 2; x++) {
                    int at = 16 * (16 + 4 * plane + 2 * y + x);
                    int up = 4 + 2 * plane + x;
                    int back = 4 + 2 * plane + y;
                    int context = context(above[up], filledLeft[back]);
                    int count = block(part, 2, context, 0, step[4], step[5], coefficients, at);
                    above[up] = filledLeft[back] = count > 0;
                    any |= count > 1 || coefficients[at] != 0;
                }
            }
        }
        return any;
    }

    private static int context(boolean above, boolean left) {
        return (above ? 1 : 0) + (left ? 1 : 0);
    }

    /** Read the tokens of one block (section 13); return the position after the last. */
    private int block(Vp8Bits part, int type, int context, int first, int dc, int ac, int[] to, int at) {
        int n = first;
        int p = probabilities(type, n, context);
        while (n < 16) {
            if (!part.bit(tokens[p])) return n;
            while (!part.bit(tokens[p + 1])) {
                if (++n == 16) return 16;
                p = probabilities(type, n, 0);
            }
            int value = 1;
            if (part.bit(tokens[p + 2])) value = large(part, p);
            boolean negative = part.flag();
            to[at + ZIGZAG[n]] = (negative ? -value : value) * (n > 0 ? ac : dc);
            n++;
            p = probabilities(type, n, value == 1 ? 1 : 2);
        }
        return 16;
    }

    private static int probabilities(int type, int n, int context) {
        return 11 * (3 * (8 * type + BANDS[n]) + context);
    }

    private int large(Vp8Bits part, int p) {
        if (!part.bit(tokens[p + 3])) {
            if (!part.bit(tokens[p + 4])) return 2;
            return 3 + (part.bit(tokens[p + 5]) ? 1 : 0);
        }
        if (!part.bit(tokens[p + 6])) {
            if (!part.bit(tokens[p + 7])) return 5 + (part.bit(159) ? 1 : 0);
            int value = 7 + (part.bit(165) ? 2 : 0);
            return value + (part.bit(145) ? 1 : 0);
        }
        int high = part.bit(tokens[p + 8]) ? 1 : 0;
        int category = 2 * high + (part.bit(tokens[p + 9 + high]) ? 1 : 0);
        int value = 0;
        for (int probability : LARGE[category]) value = 2 * value + (part.bit(probability) ? 1 : 0);
        return value + 3 + (8 << category);
    }

    private void reconstruct(int column, int row, int mode, int[] small, int chroma) {
        Vp8Plane luma = planes[0];
        if (mode == SMALL_BLOCKS) {
            smallBlocks(column, row, small);
        } else {
            Vp8Prediction.whole(luma, 16 * column, 16 * row, 16, mode);
            for (int i = 0; i < 16; i++) {
                Vp8Prediction.add(luma, luma.at(16 * column + i % 4 * 4, 16 * row + i / 4 * 4), coefficients, 16 * i);
            }
        }
        for (int p = 1; p < 3; p++) {
            Vp8Plane plane = planes[p];
            Vp8Prediction.whole(plane, 8 * column, 8 * row, 8, chroma);
            for (int i = 0; i < 4; i++) {
                int at = plane.at(8 * column + i % 2 * 4, 8 * row + i / 2 * 4);
                Vp8Prediction.add(plane, at, coefficients, 16 * (12 + 4 * p + i));
            }
        }
    }

    private void smallBlocks(int column, int row, int[] modes) {
        Vp8Plane luma = planes[0];
        int[] around = new int[13];
        int[] beyond = new int[4];
        // For all rows of subblocks, the samples above to the right come from the macroblock above. Its last sample is
        // used beyond the image.
        int above = luma.at(16 * column + 16, 16 * row - 1);
        boolean outside = row > 0 && column == columns - 1;
        for (int i = 0; i < 4; i++) beyond[i] = luma.get(outside ? above - 1 : above + i);
        for (int i = 0; i < 16; i++) {
            int at = luma.at(16 * column + i % 4 * 4, 16 * row + i / 4 * 4);
            for (int k = 0; k < 4; k++) around[k] = luma.get(at - 1 + (3 - k) * luma.stride);
            for (int k = 0; k < 5; k++) around[4 + k] = luma.get(at - 1 - luma.stride + k);
            for (int k = 0; k < 4; k++) around[9 + k] = i % 4 == 3 ? beyond[k] : luma.get(at - luma.stride + 4 + k);
            Vp8Prediction.small(luma, at, modes[i], around);
            Vp8Prediction.add(luma, at, coefficients, 16 * i);
        }
    }
}
