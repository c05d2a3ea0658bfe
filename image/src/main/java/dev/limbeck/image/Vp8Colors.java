package dev.limbeck.image;

/**
 * Convert the planes of a VP8 frame to RGB with libwebp's arithmetic: chroma by a triangle filter, then fixed point.
 */
final class Vp8Colors {
    private Vp8Colors() {}

    static RgbImage rgb(int width, int height, Vp8Plane[] planes) {
        byte[] rgb = new byte[3 * width * height];
        int half = width + 1 >> 1;
        int last = (height + 1 >> 1) - 1;
        int[] u = new int[half];
        int[] v = new int[half];
        int[] u2 = new int[half];
        int[] v2 = new int[half];
        for (int y = 0, to = 0; y < height; y++) {
            int near = y >> 1;
            int far = Math.max(0, Math.min(last, (y & 1) == 0 ? near - 1 : near + 1));
            row(planes[1], near, u);
            row(planes[2], near, v);
            row(planes[1], far, u2);
            row(planes[2], far, v2);
            int luma = planes[0].at(0, y);
            for (int x = 0; x < width; x++, to += 3) {
                int c = x >> 1;
                int side = (x & 1) == 0 ? c - 1 : c + 1;
                boolean edge = side < 0 || side >= half;
                int cb = edge ? 3 * u[c] + u2[c] + 2 >> 2 : mixed(u[c], u[side], u2[c], u2[side]);
                int cr = edge ? 3 * v[c] + v2[c] + 2 >> 2 : mixed(v[c], v[side], v2[c], v2[side]);
                int gray = planes[0].get(luma + x) * 19077 >> 8;
                rgb[to] = clip(gray + (cr * 26149 >> 8) - 14234);
                rgb[to + 1] = clip(gray - (cb * 6419 >> 8) - (cr * 13320 >> 8) + 8708);
                rgb[to + 2] = clip(gray + (cb * 33050 >> 8) - 17685);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    private static void row(Vp8Plane plane, int y, int[] to) {
        int at = plane.at(0, y);
        for (int x = 0; x < to.length; x++) to[x] = plane.get(at + x);
    }

    /** Average four samples with weights 9 : 3 : 3 : 1 and libwebp's rounding (upsampling.c). */
    private static int mixed(int near, int beside, int across, int diagonal) {
        int sum = near + beside + across + diagonal + 8;
        return (sum + 2 * (beside + across) >> 3) + near >> 1;
    }

    private static byte clip(int value) {
        return (byte) (value < 0 ? 0 : Math.min(255, value >> 6));
    }
}
