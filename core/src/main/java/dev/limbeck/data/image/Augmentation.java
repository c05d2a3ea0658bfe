package dev.limbeck.data.image;

import dev.limbeck.data.Draws;
import java.nio.ByteBuffer;

/**
 * Vary a training image at random.
 *
 * @param flip mirror left and right half of the time
 * @param padAndCrop take a crop of the image's size out of the image with so many black pixels on every side (He et al.,
 *     "Deep Residual Learning for Image Recognition", 2016, section 4.2); 0 for none
 */
record Augmentation(boolean flip, int padAndCrop) {
    /** Write one draw of an image into a buffer, height × width × 3 bytes. */
    void write(byte[] pixels, int height, int width, Draws draws, ByteBuffer target) {
        boolean mirrored = flip && draws.nextBoolean();
        int right = padAndCrop == 0 ? 0 : draws.nextInt(2 * padAndCrop + 1) - padAndCrop;
        int down = padAndCrop == 0 ? 0 : draws.nextInt(2 * padAndCrop + 1) - padAndCrop;
        if (!mirrored && right == 0 && down == 0) {
            target.put(pixels);
            return;
        }
        byte[] row = new byte[3 * width];
        for (int y = 0; y < height; y++) {
            int from = y + down;
            for (int x = 0; x < width; x++) {
                int column = (mirrored ? width - 1 - x : x) + right;
                boolean inside = from >= 0 && from < height && column >= 0 && column < width;
                int at = 3 * (from * width + column);
                for (int c = 0; c < 3; c++) row[3 * x + c] = inside ? pixels[at + c] : 0;
            }
            target.put(row);
        }
    }
}
