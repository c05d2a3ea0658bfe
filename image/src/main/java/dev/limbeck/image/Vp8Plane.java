package dev.limbeck.image;

/** Hold one plane of samples with a border: 127 above, 129 to the left (RFC 6386, section 12.2). */
final class Vp8Plane {
    final int width;
    final int height;
    final int stride;
    final byte[] samples;

    Vp8Plane(int width, int height) {
        this.width = width;
        this.height = height;
        // The border, and four samples to the right of the first row for the macroblock above the last column.
        stride = width + 5;
        samples = new byte[Math.multiplyExact(stride, height + 1)];
        for (int x = 0; x < stride; x++) samples[x] = 127;
        for (int y = 1; y <= height; y++) samples[y * stride] = (byte) 129;
    }

    /** Return the index of a sample; −1 is the border. */
    int at(int x, int y) {
        return (y + 1) * stride + x + 1;
    }

    int get(int at) {
        return samples[at] & 0xff;
    }
}
