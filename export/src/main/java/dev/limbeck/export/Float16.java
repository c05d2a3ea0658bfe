package dev.limbeck.export;

/** Convert float32 to IEEE 754 binary16, which Java supports from version 20 on. */
final class Float16 {
    static final float LARGEST = 65504;

    private Float16() {}

    /** Return the bits of the nearest number, ties to even. Larger numbers saturate. */
    static short of(float value) {
        int bits = Float.floatToRawIntBits(Math.max(-LARGEST, Math.min(LARGEST, value)));
        int sign = bits >>> 16 & 0x8000;
        float magnitude = Float.intBitsToFloat(bits & 0x7fffffff);
        if (Float.isNaN(value)) return (short) (sign | 0x7e00);
        // Below 2⁻¹⁴ the step is 2⁻²⁴.
        if (magnitude < 0x1p-14f) return (short) (sign | (int) Math.rint(magnitude * 0x1p24));
        int whole = Float.floatToRawIntBits(magnitude);
        int rounded = whole + 0xfff + (whole >>> 13 & 1);
        return (short) (sign | (rounded - (112 << 23)) >>> 13);
    }
}
