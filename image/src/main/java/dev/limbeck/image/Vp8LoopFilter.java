package dev.limbeck.image;

/** Smooth the edges of blocks (RFC 6386, section 15). */
final class Vp8LoopFilter {
    private final Vp8Plane[] planes;
    private final boolean simple;

    Vp8LoopFilter(boolean simple, Vp8Plane... planes) {
        this.simple = simple;
        this.planes = planes;
    }

    /**
     * Filter the edges of one macroblock.
     *
     * @param inner whether to filter the edges between its subblocks too
     */
    void filter(int column, int row, int level, int sharpness, boolean inner) {
        if (level == 0) return;
        int inside = level;
        if (sharpness > 0) inside = Math.min(inside >> (sharpness > 4 ? 2 : 1), 9 - sharpness);
        inside = Math.max(1, inside);
        int limit = 2 * level + inside;
        int variance = level >= 40 ? 2 : level >= 15 ? 1 : 0;
        for (int p = 0; p < (simple ? 1 : 3); p++) {
            int side = p == 0 ? 16 : 8;
            if (column > 0) edge(p, column * side, row * side, side, false, limit + 4, inside, variance, true);
        }
        if (inner) inner(column, row, false, limit, inside, variance);
        for (int p = 0; p < (simple ? 1 : 3); p++) {
            int side = p == 0 ? 16 : 8;
            if (row > 0) edge(p, column * side, row * side, side, true, limit + 4, inside, variance, true);
        }
        if (inner) inner(column, row, true, limit, inside, variance);
    }

    private void inner(int column, int row, boolean across, int limit, int inside, int variance) {
        for (int p = 0; p < (simple ? 1 : 3); p++) {
            int side = p == 0 ? 16 : 8;
            for (int k = 4; k < side; k += 4) {
                int x = column * side + (across ? 0 : k);
                int y = row * side + (across ? k : 0);
                edge(p, x, y, side, across, limit, inside, variance, false);
            }
        }
    }

    /** Filter one edge, vertical or horizontal. */
    private void edge(
            int plane, int x, int y, int side, boolean across, int limit, int inside, int variance, boolean outer) {
        Vp8Plane of = planes[plane];
        byte[] s = of.samples;
        int step = across ? of.stride : 1;
        int along = across ? 1 : of.stride;
        int most = 2 * limit + 1;
        for (int i = 0, at = of.at(x, y); i < side; i++, at += along) {
            int p1 = s[at - 2 * step] & 0xff;
            int p0 = s[at - step] & 0xff;
            int q0 = s[at] & 0xff;
            int q1 = s[at + step] & 0xff;
            if (4 * Math.abs(p0 - q0) + Math.abs(p1 - q1) > most) continue;
            if (simple) {
                two(s, at, step, p1, p0, q0, q1);
                continue;
            }
            int p3 = s[at - 4 * step] & 0xff;
            int p2 = s[at - 3 * step] & 0xff;
            int q2 = s[at + 2 * step] & 0xff;
            int q3 = s[at + 3 * step] & 0xff;
            if (Math.abs(p3 - p2) > inside
                    || Math.abs(p2 - p1) > inside
                    || Math.abs(p1 - p0) > inside
                    || Math.abs(q3 - q2) > inside
                    || Math.abs(q2 - q1) > inside
                    || Math.abs(q1 - q0) > inside) continue;
            if (Math.abs(p1 - p0) > variance || Math.abs(q1 - q0) > variance) {
                two(s, at, step, p1, p0, q0, q1);
            } else if (outer) {
                int a = signed(3 * (q0 - p0) + signed(p1 - q1));
                int a1 = 27 * a + 63 >> 7;
                int a2 = 18 * a + 63 >> 7;
                int a3 = 9 * a + 63 >> 7;
                s[at - 3 * step] = Samples.clip(p2 + a3);
                s[at - 2 * step] = Samples.clip(p1 + a2);
                s[at - step] = Samples.clip(p0 + a1);
                s[at] = Samples.clip(q0 - a1);
                s[at + step] = Samples.clip(q1 - a2);
                s[at + 2 * step] = Samples.clip(q2 - a3);
            } else {
                int a = 3 * (q0 - p0);
                int a1 = eighth(a + 4);
                int a2 = eighth(a + 3);
                int a3 = a1 + 1 >> 1;
                s[at - 2 * step] = Samples.clip(p1 + a3);
                s[at - step] = Samples.clip(p0 + a2);
                s[at] = Samples.clip(q0 - a1);
                s[at + step] = Samples.clip(q1 - a3);
            }
        }
    }

    private static void two(byte[] s, int at, int step, int p1, int p0, int q0, int q1) {
        int a = 3 * (q0 - p0) + signed(p1 - q1);
        s[at - step] = Samples.clip(p0 + eighth(a + 3));
        s[at] = Samples.clip(q0 - eighth(a + 4));
    }

    private static int signed(int value) {
        return Math.max(-128, Math.min(127, value));
    }

    private static int eighth(int value) {
        return Math.max(-16, Math.min(15, value >> 3));
    }
}
