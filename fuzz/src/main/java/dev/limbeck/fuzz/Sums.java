package dev.limbeck.fuzz;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/** Recompute the checksum at the end of a file after a mutation. */
final class Sums {
    private static final int SEAL = 19;
    private static final int SEAL_DIGITS = 8;

    private Sums() {}

    /** Recompute the CRC-32C in the last four bytes, as in cached rows. */
    static Mutator rows(Mutator inner) {
        return (file, choices) -> {
            byte[] changed = inner.mutate(file, choices);
            if (changed.length < Integer.BYTES || choices.oneIn(10)) return changed;
            CRC32C sum = new CRC32C();
            sum.update(changed, 0, changed.length - Integer.BYTES);
            byte[] end = ByteBuffer.allocate(Integer.BYTES)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .putInt((int) sum.getValue())
                    .array();
            System.arraycopy(end, 0, changed, changed.length - end.length, end.length);
            return changed;
        };
    }

    /** Recompute the CRC-32C of head and table in the last four bytes, as in an index of cached rows. */
    static Mutator index(Mutator inner) {
        int head = 60;
        int key = 16;
        return (file, choices) -> {
            byte[] changed = inner.mutate(file, choices);
            if (changed.length < head + Integer.BYTES || choices.oneIn(10)) return changed;
            ByteBuffer bytes = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
            long rows = bytes.getLong(16) * (key + bytes.getInt(12));
            int end = changed.length - Integer.BYTES;
            if (rows < 0 || rows > end - head) return changed;
            CRC32C sum = new CRC32C();
            sum.update(changed, 0, head);
            sum.update(changed, head + (int) rows, end - head - (int) rows);
            bytes.putInt(end, (int) sum.getValue());
            return changed;
        };
    }

    /** Recompute the checksum at the end of an ONNX file written by Limbeck. */
    static Mutator seal(Mutator inner) {
        return (file, choices) -> {
            byte[] changed = inner.mutate(file, choices);
            int from = changed.length - SEAL;
            if (from < 0 || changed[from] != 0x72 || choices.oneIn(4)) return changed;
            CRC32 sum = new CRC32();
            sum.update(changed, 0, from);
            byte[] digits = String.format("%08x", sum.getValue()).getBytes(StandardCharsets.US_ASCII);
            byte[] sealed = Arrays.copyOf(changed, changed.length);
            System.arraycopy(digits, 0, sealed, sealed.length - SEAL_DIGITS, SEAL_DIGITS);
            return sealed;
        };
    }
}
