package dev.limbeck.image;

import java.util.Arrays;

/**
 * Scale images with an antialiased bilinear filter: a triangle whose width grows with the reduction, so that every
 * source pixel contributes. Like Pillow's {@code Image.resize(size, BILINEAR, box)}, it scales columns first, then
 * rows, rounds to 8 bits in between, and uses weights in 22-bit fixed point. Tests compare it with PyTorch's
 * antialiased interpolation.
 */
public final class Resampler {
    private static final int FRACTION_BITS = 22;
    private static final int HALF = 1 << (FRACTION_BITS - 1);

    /** Hold the first source position and the weights for each output position. */
    private record Taps(int[] first, int[][] weights) {}

    private Resampler() {}

    /** Scale the whole image; return the same object if it already has that size. */
    public static RgbImage resize(RgbImage image, int width, int height) {
        return resize(image, 0, 0, image.width(), image.height(), width, height);
    }

    /**
     * Scale a box of an image.
     *
     * @param left left edge of the box in source pixels; with top, boxWidth and boxHeight inside the image
     */
    public static RgbImage resize(
            RgbImage image, double left, double top, double boxWidth, double boxHeight, int width, int height) {
        RgbImage narrow = image;
        if (width != image.width() || left != 0 || boxWidth != width) {
            narrow = across(image, taps(image.width(), left, boxWidth, width), width);
        }
        if (height == image.height() && top == 0 && boxHeight == height) return narrow;
        return down(narrow, taps(image.height(), top, boxHeight, height), height);
    }

    private static RgbImage across(RgbImage image, Taps taps, int width) {
        byte[] from = image.rgb();
        byte[] to = new byte[3 * width * image.height()];
        int out = 0;
        for (int y = 0; y < image.height(); y++) {
            int row = 3 * y * image.width();
            for (int x = 0; x < width; x++) {
                int at = row + 3 * taps.first[x];
                int red = HALF;
                int green = HALF;
                int blue = HALF;
                for (int weight : taps.weights[x]) {
                    red += weight * (from[at] & 0xff);
                    green += weight * (from[at + 1] & 0xff);
                    blue += weight * (from[at + 2] & 0xff);
                    at += 3;
                }
                to[out++] = level(red);
                to[out++] = level(green);
                to[out++] = level(blue);
            }
        }
        return new RgbImage(width, image.height(), to);
    }

    private static RgbImage down(RgbImage image, Taps taps, int height) {
        byte[] from = image.rgb();
        int stride = 3 * image.width();
        byte[] to = new byte[stride * height];
        int[] sums = new int[stride];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
            int at = taps.first[y] * stride;
            for (int weight : taps.weights[y]) {
                for (int x = 0; x < stride; x++) sums[x] += weight * (from[at + x] & 0xff);
                at += stride;
            }
            for (int x = 0; x < stride; x++) to[y * stride + x] = level(sums[x]);
        }
        return new RgbImage(image.width(), height, to);
    }

    private static byte level(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> FRACTION_BITS));
    }

    private static Taps taps(int size, double start, double length, int count) {
        double scale = length / count;
        double reach = Math.max(1, scale);
        int[] first = new int[count];
        int[][] weights = new int[count][];
        for (int i = 0; i < count; i++) {
            double center = start + (i + 0.5) * scale;
            int low = Math.max(0, (int) (center - reach + 0.5));
            int high = Math.min(size, (int) (center + reach + 0.5));
            double[] triangle = new double[high - low];
            double total = 0;
            for (int k = 0; k < triangle.length; k++) {
                triangle[k] = Math.max(0, 1 - Math.abs((low + k - center + 0.5) / reach));
                total += triangle[k];
            }
            first[i] = low;
            weights[i] = new int[triangle.length];
            for (int k = 0; k < triangle.length; k++) {
                weights[i][k] = (int) (triangle[k] / total * (1 << FRACTION_BITS) + 0.5);
            }
        }
        return new Taps(first, weights);
    }
}
