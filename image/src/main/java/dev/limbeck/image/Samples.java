package dev.limbeck.image;

import java.awt.image.Raster;

/** Convert samples to RGB with the integer arithmetic of libjpeg and Pillow. */
final class Samples {
    private static final int BITS = 16;
    private static final int HALF = 1 << BITS - 1;
    private static final int[] RED_OF_CR = new int[256];
    private static final int[] BLUE_OF_CB = new int[256];
    private static final int[] GREEN_OF_CR = new int[256];
    private static final int[] GREEN_OF_CB = new int[256];

    static {
        // libjpeg, jdcolor.c, build_ycc_rgb_table
        for (int i = 0; i < 256; i++) {
            int x = i - 128;
            RED_OF_CR[i] = fixed(1.40200) * x + HALF >> BITS;
            BLUE_OF_CB[i] = fixed(1.77200) * x + HALF >> BITS;
            GREEN_OF_CR[i] = -fixed(0.71414) * x;
            GREEN_OF_CB[i] = -fixed(0.34414) * x + HALF;
        }
    }

    private Samples() {}

    private static int fixed(double value) {
        return (int) (value * (1 << BITS) + 0.5);
    }

    /** Return a raster's 8-bit samples, interleaved. */
    static byte[] of(Raster raster) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        int bands = raster.getNumBands();
        byte[] samples = new byte[Math.multiplyExact(Math.multiplyExact(width, height), bands)];
        int[] row = new int[width * bands];
        for (int y = 0, to = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int value : row) samples[to++] = (byte) value;
        }
        return samples;
    }

    /** Convert interleaved YCbCr to RGB in place. */
    static void yccToRgb(byte[] samples) {
        for (int i = 0; i + 2 < samples.length; i += 3) ycc(samples, i);
    }

    private static void ycc(byte[] samples, int i) {
        int y = samples[i] & 0xff;
        int cb = samples[i + 1] & 0xff;
        int cr = samples[i + 2] & 0xff;
        samples[i] = clip(y + RED_OF_CR[cr]);
        samples[i + 1] = clip(y + (GREEN_OF_CB[cb] + GREEN_OF_CR[cr] >> BITS));
        samples[i + 2] = clip(y + BLUE_OF_CB[cb]);
    }

    /** Convert interleaved YCCK to CMYK in place, both inverted as Adobe stores them. */
    static void ycckToInvertedCmyk(byte[] samples) {
        for (int i = 0; i + 3 < samples.length; i += 4) {
            ycc(samples, i);
            for (int c = 0; c < 3; c++) samples[i + c] = (byte) ~samples[i + c];
        }
    }

    /** Create an image from CMYK where 255 means no ink, as assumed for every JPEG. */
    static RgbImage invertedCmyk(int width, int height, byte[] samples) {
        for (int i = 0; i < samples.length; i++) samples[i] = (byte) ~samples[i];
        return cmyk(width, height, samples);
    }

    /** Create an image from CMYK where 255 is full ink (Pillow, Convert.c, cmyk2rgb). */
    static RgbImage cmyk(int width, int height, byte[] samples) {
        byte[] rgb = new byte[3 * width * height];
        for (int from = 0, to = 0; to < rgb.length; from += 4) {
            int white = 255 - (samples[from + 3] & 0xff);
            for (int c = 0; c < 3; c++) {
                int ink = (samples[from + c] & 0xff) * white + 128;
                rgb[to++] = clip(white - ((ink >> 8) + ink >> 8));
            }
        }
        return new RgbImage(width, height, rgb);
    }

    /** Create an image from RGBA with premultiplied alpha (Pillow, Unpack.c, unpackRGBa). */
    static RgbImage divided(int width, int height, byte[] samples) {
        byte[] rgb = new byte[3 * width * height];
        for (int from = 0, to = 0; to < rgb.length; from += 4) {
            int alpha = samples[from + 3] & 0xff;
            for (int c = 0; c < 3; c++) rgb[to++] = alpha == 0 ? 0 : clip((samples[from + c] & 0xff) * 255 / alpha);
        }
        return new RgbImage(width, height, rgb);
    }

    static byte clip(int value) {
        return (byte) (value < 0 ? 0 : Math.min(value, 255));
    }
}
