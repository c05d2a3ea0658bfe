package dev.limbeck.data.image;

import dev.limbeck.image.RgbImage;
import java.util.function.IntUnaryOperator;

/** Change the colors of images. Every method returns a new image. Factors work as in Pillow's ImageEnhance. */
final class Colors {
    private Colors() {}

    /** Blend with black: 0 gives black, 1 the image, 2 double brightness. */
    static RgbImage brightness(RgbImage image, double factor) {
        return levels(image, level -> clamp(level * factor));
    }

    /** Blend with the mean gray: 0 gives gray, 1 the image. */
    static RgbImage contrast(RgbImage image, double factor) {
        byte[] pixels = image.rgb();
        double sum = 0;
        for (int i = 0; i < pixels.length; i += 3) sum += gray(pixels, i);
        double mean = Math.floor(sum / (pixels.length / 3) + 0.5);
        return levels(image, level -> clamp(mean + (level - mean) * factor));
    }

    /** Blend with the grayscale image: 0 gives grayscale, 1 the image. */
    static RgbImage saturation(RgbImage image, double factor) {
        byte[] pixels = image.rgb();
        byte[] changed = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i += 3) {
            double gray = Math.floor(gray(pixels, i) + 0.5);
            for (int c = i; c < i + 3; c++) {
                changed[c] = (byte) clamp(gray + ((pixels[c] & 0xff) - gray) * factor);
            }
        }
        return new RgbImage(image.width(), image.height(), changed);
    }

    /**
     * Blend with a smoothed image (3×3 kernel, center 5/13): below 1 is softer, above 1 is sharper. Border pixels stay.
     */
    static RgbImage sharpness(RgbImage image, double factor) {
        int width = image.width();
        byte[] pixels = image.rgb();
        byte[] changed = pixels.clone();
        for (int y = 1; y < image.height() - 1; y++) {
            for (int i = 3 * (y * width + 1); i < 3 * (y * width + width - 1); i++) {
                int sum = 4 * (pixels[i] & 0xff);
                for (int dy = -1; dy <= 1; dy++) {
                    for (int dx = -1; dx <= 1; dx++) sum += pixels[i + 3 * (dy * width + dx)] & 0xff;
                }
                double smooth = Math.floor(sum / 13.0 + 0.5);
                changed[i] = (byte) clamp(smooth + ((pixels[i] & 0xff) - smooth) * factor);
            }
        }
        return new RgbImage(width, image.height(), changed);
    }

    /** Invert levels at or above a threshold. */
    static RgbImage solarize(RgbImage image, double threshold) {
        return levels(image, level -> level < threshold ? level : 255 - level);
    }

    /** Keep the highest bits of each level. */
    static RgbImage posterize(RgbImage image, int bits) {
        int mask = 0xff << (8 - bits) & 0xff;
        return levels(image, level -> level & mask);
    }

    /** Stretch the levels of each channel to the full range. */
    static RgbImage autocontrast(RgbImage image) {
        byte[] changed = image.rgb().clone();
        for (int c = 0; c < 3; c++) {
            int low = 255;
            int high = 0;
            for (int i = c; i < changed.length; i += 3) {
                low = Math.min(low, changed[i] & 0xff);
                high = Math.max(high, changed[i] & 0xff);
            }
            if (high <= low) continue;
            double scale = 255.0 / (high - low);
            for (int i = c; i < changed.length; i += 3) changed[i] = (byte) clamp(((changed[i] & 0xff) - low) * scale);
        }
        return new RgbImage(image.width(), image.height(), changed);
    }

    /** Equalize the histogram of each channel. */
    static RgbImage equalize(RgbImage image) {
        byte[] changed = image.rgb().clone();
        for (int c = 0; c < 3; c++) {
            int[] counts = new int[256];
            for (int i = c; i < changed.length; i += 3) counts[changed[i] & 0xff]++;
            int last = 255;
            while (counts[last] == 0) last--;
            int step = (changed.length / 3 - counts[last]) / 255;
            if (step == 0) continue;
            int[] to = new int[256];
            int below = step / 2;
            for (int level = 0; level < 256; level++) {
                to[level] = Math.min(255, below / step);
                below += counts[level];
            }
            for (int i = c; i < changed.length; i += 3) changed[i] = (byte) to[changed[i] & 0xff];
        }
        return new RgbImage(image.width(), image.height(), changed);
    }

    private static RgbImage levels(RgbImage image, IntUnaryOperator change) {
        byte[] to = new byte[256];
        for (int level = 0; level < 256; level++) to[level] = (byte) change.applyAsInt(level);
        byte[] pixels = image.rgb();
        byte[] changed = new byte[pixels.length];
        for (int i = 0; i < pixels.length; i++) changed[i] = to[pixels[i] & 0xff];
        return new RgbImage(image.width(), image.height(), changed);
    }

    /** Return the luma by ITU-R 601. */
    private static double gray(byte[] pixels, int at) {
        return 0.299 * (pixels[at] & 0xff) + 0.587 * (pixels[at + 1] & 0xff) + 0.114 * (pixels[at + 2] & 0xff);
    }

    private static int clamp(double level) {
        return (int) Math.max(0, Math.min(255, level));
    }
}
