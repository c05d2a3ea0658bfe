package dev.limbeck.image;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Read the integers of the first directory of a TIFF structure (TIFF 6.0, section 2), in EXIF data and TIFF files. */
final class TiffTags {
    private static final int[] SIZES = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    private static final int BYTE = 1;
    private static final int SHORT = 3;
    private static final int UNKNOWN = 65_000;

    /** Hold an entry: its offset, the type and number of its values, and their offset. */
    private record Entry(int at, int type, int count, int values) {}

    private final ByteBuffer bytes;
    private final boolean big;
    private int first;
    private int count;
    private final TreeMap<Integer, Entry> entries = new TreeMap<>();
    private int next = -1;

    private TiffTags(byte[] tiff) {
        bytes = ByteBuffer.wrap(tiff).order(tiff[0] == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        big = bytes.getShort(2) == 43;
    }

    /** Read the valid entries; those whose values lie outside the file are skipped. */
    static TiffTags of(byte[] tiff) {
        TiffTags tags = new TiffTags(tiff);
        try {
            tags.read();
        } catch (BufferUnderflowException | IndexOutOfBoundsException | ArithmeticException e) {
            // Keep the entries read so far.
        }
        return tags;
    }

    private void read() {
        int directory = big ? Math.toIntExact(bytes.getLong(8)) : bytes.getInt(4);
        count = big ? Math.toIntExact(bytes.getLong(directory)) : bytes.getShort(directory) & 0xffff;
        first = directory + (big ? 8 : 2);
        int length = length();
        for (int i = 0; i < count; i++) {
            int at = Math.addExact(first, Math.multiplyExact(i, length));
            int type = bytes.getShort(at + 2) & 0xffff;
            long number = big ? bytes.getLong(at + 4) : bytes.getInt(at + 4) & 0xffffffffL;
            int size = type < SIZES.length ? SIZES[type] : 0;
            int inline = at + (big ? 12 : 8);
            bytes.get(at + length - 1);
            if (size == 0 || number < 1 || number > bytes.limit()) continue;
            long values = inline;
            if (number * size > (big ? 8 : 4))
                values = big ? bytes.getLong(inline) : bytes.getInt(inline) & 0xffffffffL;
            if (values < 0 || values + number * size > bytes.limit()) continue;
            entries.put(bytes.getShort(at) & 0xffff, new Entry(at, type, (int) number, (int) values));
        }
        next = Math.addExact(first, Math.multiplyExact(count, length));
    }

    private int length() {
        return big ? 20 : 12;
    }

    boolean has(int tag) {
        return entries.containsKey(tag);
    }

    /** Return the number of values of a tag. */
    int count(int tag) {
        return has(tag) ? entries.get(tag).count : 0;
    }

    /** Return one of a tag's integers, signed or unsigned; {@code otherwise} if there is none. */
    long get(int tag, int index, long otherwise) {
        Entry entry = entries.get(tag);
        if (entry == null || index >= entry.count) return otherwise;
        int at = entry.values + index * SIZES[entry.type];
        return switch (entry.type) {
            case 1 -> bytes.get(at) & 0xff;
            case 3 -> bytes.getShort(at) & 0xffff;
            case 4, 13 -> bytes.getInt(at) & 0xffffffffL;
            case 6 -> bytes.get(at);
            case 8 -> bytes.getShort(at);
            case 9 -> bytes.getInt(at);
            case 16, 17, 18 -> bytes.getLong(at);
            default -> otherwise;
        };
    }

    /** Return a tag's values as stored; empty if it has none or they are not bytes. */
    byte[] bytes(int tag) {
        Entry entry = entries.get(tag);
        if (entry == null || SIZES[entry.type] != 1) return new byte[0];
        return Arrays.copyOfRange(bytes.array(), entry.values, entry.values + entry.count);
    }

    /** Return the file with only the first directory, and in it only the wanted tags, some with changed values. */
    byte[] alone(Set<Integer> wanted, Map<Integer, Integer> changes) {
        byte[] copy = bytes.array().clone();
        ByteBuffer changed = ByteBuffer.wrap(copy).order(bytes.order());
        // Remove the entries that were not read as well, and all but the last of duplicate tags, which is the one used.
        int last = Math.min(count, (copy.length - first) / length());
        for (int i = 0; i < last; i++) {
            int at = first + i * length();
            int tag = changed.getShort(at) & 0xffff;
            Entry entry = entries.get(tag);
            Integer value = changes.get(tag);
            boolean taken = entry != null && entry.at == at;
            if (taken && wanted.contains(tag) && value == null) continue;
            boolean set = taken && value != null;
            changed.putShort(at + 2, (short) (set ? SHORT : BYTE));
            if (big) changed.putLong(at + 4, 1);
            else changed.putInt(at + 4, 1);
            if (set) changed.putShort(at + (big ? 12 : 8), value.shortValue());
            else changed.putShort(at, (short) UNKNOWN);
        }
        if (next >= 0 && next + (big ? 8 : 4) <= copy.length) {
            if (big) changed.putLong(next, 0);
            else changed.putInt(next, 0);
        }
        return copy;
    }
}
