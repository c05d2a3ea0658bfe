package dev.limbeck.image;

import dev.limbeck.LimbeckException;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * Hold an image as 8-bit RGB.
 *
 * @param rgb height × width × 3 bytes, row by row, not copied
 */
public record RgbImage(int width, int height, byte[] rgb) {
    public RgbImage {
        if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
            throw new IllegalArgumentException(rgb.length + " bytes are not " + width + "×" + height + " RGB pixels");
        }
    }

    /** Create an RGB image from gray values by repeating each three times. */
    public static RgbImage ofGray(int width, int height, byte[] gray, int offset) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0, to = 0; to < rgb.length; i++) {
            byte value = gray[offset + i];
            rgb[to++] = value;
            rgb[to++] = value;
            rgb[to++] = value;
        }
        return new RgbImage(width, height, rgb);
    }

    /**
     * Copy the samples of a decoded image. Gray and RGB are not converted between color spaces; others, such as CMYK, become sRGB, and
     * colors that were multiplied by alpha are divided.
     *
     * @throws dev.limbeck.LimbeckException if it is null, as {@code ImageIO.read} returns for other files
     */
    public static RgbImage of(BufferedImage image) {
        if (image == null) throw missing();
        int width = image.getWidth();
        int height = image.getHeight();
        Raster raster = image.getRaster();
        ColorModel model = image.getColorModel();
        if (image.getType() == BufferedImage.TYPE_3BYTE_BGR && raster.getParent() == null) {
            return new RgbImage(width, height, swapped(((DataBufferByte) raster.getDataBuffer()).getData()));
        }
        if (model instanceof IndexColorModel || isPacked(raster) || !isByteOrShort(raster) || !holdsColors(model)) {
            return lookedUp(image);
        }
        int bands = raster.getNumBands();
        int shift = raster.getTransferType() == DataBuffer.TYPE_USHORT ? 8 : 0;
        int[] from = bands < 3 ? new int[] {0, 0, 0} : new int[] {0, 1, 2};
        byte[] rgb = new byte[3 * width * height];
        int[] row = new int[bands * width];
        int to = 0;
        for (int y = 0; y < height; y++) {
            raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
            for (int x = 0; x < row.length; x += bands) {
                for (int band : from) rgb[to++] = (byte) (row[x + band] >> shift);
            }
        }
        return new RgbImage(width, height, rgb);
    }

    static LimbeckException missing() {
        return new LimbeckException("an image must be given, found null; check what reads it, such as ImageIO.read");
    }

    private static boolean isByteOrShort(Raster raster) {
        int type = raster.getTransferType();
        return type == DataBuffer.TYPE_BYTE || type == DataBuffer.TYPE_USHORT;
    }

    /** Return whether samples are gray values or colors themselves: neither multiplied by alpha nor of another space. */
    private static boolean holdsColors(ColorModel model) {
        int space = model.getColorSpace().getType();
        return !model.isAlphaPremultiplied() && (space == ColorSpace.TYPE_RGB || space == ColorSpace.TYPE_GRAY);
    }

    /** Return whether samples share array elements, so that only the color model can unpack them. */
    private static boolean isPacked(Raster raster) {
        int bits = raster.getSampleModel().getSampleSize(0);
        return bits != 8 && bits != 16;
    }

    private static RgbImage lookedUp(BufferedImage image) {
        int width = image.getWidth();
        byte[] rgb = new byte[3 * width * image.getHeight()];
        int[] row = new int[width];
        int to = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int argb : row) {
                rgb[to++] = (byte) (argb >> 16);
                rgb[to++] = (byte) (argb >> 8);
                rgb[to++] = (byte) argb;
            }
        }
        return new RgbImage(width, image.getHeight(), rgb);
    }

    private static byte[] swapped(byte[] bgr) {
        byte[] rgb = new byte[bgr.length];
        for (int i = 0; i < bgr.length; i += 3) {
            rgb[i] = bgr[i + 2];
            rgb[i + 1] = bgr[i + 1];
            rgb[i + 2] = bgr[i];
        }
        return rgb;
    }

    /**
     * Rotate and mirror the image so that it is upright.
     *
     * @param orientation the EXIF tag, 1 to 8; other values change nothing
     */
    public RgbImage upright(int orientation) {
        if (orientation < 2 || orientation > 8) return this;
        boolean transposed = orientation >= 5;
        int w = transposed ? height : width;
        int h = transposed ? width : height;
        byte[] turned = new byte[rgb.length];
        // Directions of the stored columns and rows in the upright image (EXIF 2.32, table of tag 0x0112).
        boolean mirrorX = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
        boolean mirrorY = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
        for (int y = 0, to = 0; y < h; y++) {
            for (int x = 0; x < w; x++, to += 3) {
                int column = transposed ? y : x;
                int row = transposed ? x : y;
                if (mirrorX) column = width - 1 - column;
                if (mirrorY) row = height - 1 - row;
                System.arraycopy(rgb, 3 * (row * width + column), turned, to, 3);
            }
        }
        return new RgbImage(w, h, turned);
    }
}
