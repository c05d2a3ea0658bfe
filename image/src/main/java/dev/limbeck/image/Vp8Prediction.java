package dev.limbeck.image;

/** Predict blocks from their neighbors (RFC 6386, section 12) and add the residuals (section 14). */
final class Vp8Prediction {
    static final int DC = 0;
    static final int TRUE_MOTION = 1;
    static final int VERTICAL = 2;
    static final int HORIZONTAL = 3;
    private static final int LEFT_DOWN = 4;
    private static final int RIGHT_DOWN = 5;
    private static final int VERTICAL_RIGHT = 6;
    private static final int VERTICAL_LEFT = 7;
    private static final int HORIZONTAL_DOWN = 8;

    private Vp8Prediction() {}

    /** Predict a whole block of 16×16 or 8×8 samples. */
    static void whole(Vp8Plane plane, int x, int y, int side, int mode) {
        byte[] s = plane.samples;
        int stride = plane.stride;
        int at = plane.at(x, y);
        int above = at - stride;
        if (mode == DC) {
            int sum = 0;
            int count = 0;
            if (y > 0) {
                for (int i = 0; i < side; i++) sum += plane.get(above + i);
                count += side;
            }
            if (x > 0) {
                for (int i = 0; i < side; i++) sum += plane.get(at - 1 + i * stride);
                count += side;
            }
            byte mean = (byte) (count == 0 ? 128 : (sum + count / 2) / count);
            for (int row = 0; row < side; row++) {
                for (int i = 0; i < side; i++) s[at + row * stride + i] = mean;
            }
            return;
        }
        int corner = plane.get(above - 1);
        for (int row = 0; row < side; row++) {
            int to = at + row * stride;
            int left = plane.get(to - 1);
            for (int i = 0; i < side; i++) {
                s[to + i] = switch (mode) {
                    case VERTICAL -> s[above + i];
                    case HORIZONTAL -> (byte) left;
                    default -> Samples.clip(left + plane.get(above + i) - corner);
                };
            }
        }
    }

    /**
     * Predict a block of 4×4 samples.
     *
     * @param e neighboring samples: left from the bottom up, the corner at 4, above, then above to the right
     */
    static void small(Vp8Plane plane, int at, int mode, int[] e) {
        byte[] s = plane.samples;
        int stride = plane.stride;
        int mean = 4;
        if (mode == DC) {
            for (int i = 0; i < 4; i++) mean += e[i] + e[5 + i];
            mean >>= 3;
        }
        for (int y = 0; y < 4; y++) {
            for (int x = 0; x < 4; x++) {
                int value = switch (mode) {
                    case DC -> mean;
                    case TRUE_MOTION -> Samples.clip(e[3 - y] + e[5 + x] - e[4]);
                    case VERTICAL -> smooth(e, 5 + x);
                    case HORIZONTAL -> y == 3 ? e[1] + 3 * e[0] + 2 >> 2 : smooth(e, 3 - y);
                    case LEFT_DOWN -> x + y == 6 ? e[11] + 3 * e[12] + 2 >> 2 : smooth(e, 6 + x + y);
                    case RIGHT_DOWN -> smooth(e, 4 + x - y);
                    case VERTICAL_RIGHT -> verticalRight(e, x, y);
                    case VERTICAL_LEFT -> verticalLeft(e, x, y);
                    case HORIZONTAL_DOWN -> horizontalDown(e, x, y);
                    default -> horizontalUp(e, x, y);
                };
                s[at + y * stride + x] = (byte) value;
            }
        }
    }

    private static int smooth(int[] e, int i) {
        return e[i - 1] + 2 * e[i] + e[i + 1] + 2 >> 2;
    }

    private static int mean(int[] e, int i) {
        return e[i] + e[i + 1] + 1 >> 1;
    }

    private static int verticalRight(int[] e, int x, int y) {
        int along = 2 * x - y;
        if (along < 0) return smooth(e, along == -1 ? 4 : 5 + along);
        return along % 2 == 0 ? mean(e, 4 + along / 2) : smooth(e, 4 + (along + 1) / 2);
    }

    private static int verticalLeft(int[] e, int x, int y) {
        if (x == 3 && y >= 2) return smooth(e, y == 2 ? 10 : 11);
        return y % 2 == 0 ? mean(e, 5 + x + y / 2) : smooth(e, 6 + x + y / 2);
    }

    private static int horizontalDown(int[] e, int x, int y) {
        int along = 2 * y - x;
        if (along < 0) return smooth(e, along == -1 ? 4 : 3 - along);
        return along % 2 == 0 ? mean(e, 3 - along / 2) : smooth(e, 4 - (along + 1) / 2);
    }

    private static int horizontalUp(int[] e, int x, int y) {
        int along = 2 * y + x;
        if (along > 5) return e[0];
        if (along == 5) return e[1] + 3 * e[0] + 2 >> 2;
        return along % 2 == 0 ? mean(e, 2 - along / 2) : smooth(e, 2 - along / 2);
    }

    /** Apply the inverse DCT to 16 coefficients and add the residuals. */
    static void add(Vp8Plane plane, int at, int[] c, int from) {
        int[] t = new int[16];
        for (int i = 0; i < 4; i++) {
            int a = c[from + i] + c[from + 8 + i];
            int b = c[from + i] - c[from + 8 + i];
            int d = sine(c[from + 4 + i]) - cosine(c[from + 12 + i]);
            int e = cosine(c[from + 4 + i]) + sine(c[from + 12 + i]);
            t[i] = a + e;
            t[4 + i] = b + d;
            t[8 + i] = b - d;
            t[12 + i] = a - e;
        }
        byte[] s = plane.samples;
        for (int y = 0; y < 4; y++) {
            int a = t[4 * y] + 4 + t[4 * y + 2];
            int b = t[4 * y] + 4 - t[4 * y + 2];
            int d = sine(t[4 * y + 1]) - cosine(t[4 * y + 3]);
            int e = cosine(t[4 * y + 1]) + sine(t[4 * y + 3]);
            int to = at + y * plane.stride;
            s[to] = Samples.clip(plane.get(to) + (a + e >> 3));
            s[to + 1] = Samples.clip(plane.get(to + 1) + (b + d >> 3));
            s[to + 2] = Samples.clip(plane.get(to + 2) + (b - d >> 3));
            s[to + 3] = Samples.clip(plane.get(to + 3) + (a - e >> 3));
        }
    }

    private static int cosine(int value) {
        return value + (value * 20091 >> 16);
    }

    private static int sine(int value) {
        return value * 35468 >> 16;
    }

    /** Apply the inverse Walsh–Hadamard transform to the second-order coefficients, which gives the 16 blocks' DC. */
    static void spread(int[] c, int[] to) {
        int[] t = new int[16];
        for (int i = 0; i < 4; i++) {
            int a = c[i] + c[12 + i];
            int b = c[4 + i] + c[8 + i];
            int d = c[4 + i] - c[8 + i];
            int e = c[i] - c[12 + i];
            t[i] = a + b;
            t[4 + i] = e + d;
            t[8 + i] = a - b;
            t[12 + i] = e - d;
        }
        for (int i = 0; i < 4; i++) {
            int a = t[4 * i] + 3 + t[4 * i + 3];
            int b = t[4 * i + 1] + t[4 * i + 2];
            int d = t[4 * i + 1] - t[4 * i + 2];
            int e = t[4 * i] + 3 - t[4 * i + 3];
            to[64 * i] = a + b >> 3;
            to[64 * i + 16] = e + d >> 3;
            to[64 * i + 32] = a - b >> 3;
            to[64 * i + 48] = e - d >> 3;
        }
    }
}
