package dev.limbeck.data.image;

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

    /** Make an RGB image of grey values by repeating each three times. */
    public static RgbImage ofGrey(int width, int height, byte[] grey, int offset) {
        byte[] rgb = new byte[3 * width * height];
        for (int i = 0, to = 0; to < rgb.length; i++) {
            byte value = grey[offset + i];
            rgb[to++] = value;
            rgb[to++] = value;
            rgb[to++] = value;
        }
        return new RgbImage(width, height, rgb);
    }

    /**
     * Turn and mirror the image so that it stands upright.
     *
     * @param orientation the EXIF tag, 1 to 8; anything else changes nothing
     */
    public RgbImage upright(int orientation) {
        if (orientation < 2 || orientation > 8) return this;
        boolean transposed = orientation >= 5;
        int w = transposed ? height : width;
        int h = transposed ? width : height;
        byte[] turned = new byte[rgb.length];
        // Which way the stored column and row run as seen upright (EXIF 2.32, table of tag 0x0112).
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
