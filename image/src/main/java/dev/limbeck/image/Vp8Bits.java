package dev.limbeck.image;

/** Decode booleans with given probabilities (RFC 6386, section 7). */
final class Vp8Bits {
    private final byte[] data;
    private final int end;
    private int at;
    private int range = 254;
    private int value;
    private int bits = -8;
    private boolean exhausted;

    Vp8Bits(byte[] data, int from, int end) {
        this.data = data;
        at = from;
        this.end = end;
    }

    /** Return whether more bits were read than the data has. */
    boolean exhausted() {
        return exhausted;
    }

    /**
     * Decode a boolean.
     *
     * @param probability of false, in 256ths
     */
    boolean bit(int probability) {
        if (bits < 0) load();
        int split = range * probability >> 8;
        boolean bit = value >> bits > split;
        int left;
        if (bit) {
            left = range - split;
            value -= split + 1 << bits;
        } else {
            left = split + 1;
        }
        int shift = Integer.numberOfLeadingZeros(left) - 24;
        range = (left << shift) - 1;
        bits -= shift;
        return bit;
    }

    private void load() {
        value <<= 8;
        bits += 8;
        if (at < end) value |= data[at++] & 0xff;
        else exhausted = true;
    }

    boolean flag() {
        return bit(128);
    }

    int number(int length) {
        int number = 0;
        for (int i = 0; i < length; i++) number = number << 1 | (flag() ? 1 : 0);
        return number;
    }

    int signed(int length) {
        int number = number(length);
        return flag() ? -number : number;
    }

    /** Read a number if its flag is set, else return 0. */
    int optional(int length) {
        return flag() ? signed(length) : 0;
    }
}
