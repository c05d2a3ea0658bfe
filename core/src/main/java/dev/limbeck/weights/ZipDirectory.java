package dev.limbeck.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.DataFormatException;

/** Read the directory of a ZIP to the letter: one that two readers could read in two ways is refused. */
final class ZipDirectory {
    private static final int END = 0x06054b50;
    private static final int END_LENGTH = 22;
    private static final int END64 = 0x06064b50;
    private static final int END64_LENGTH = 56;
    private static final int LOCATOR = 0x07064b50;
    private static final int LOCATOR_LENGTH = 20;
    private static final int LISTED = 0x02014b50;
    private static final int LISTED_LENGTH = 46;
    private static final int HEADER = 0x04034b50;
    private static final int HEADER_LENGTH = 30;
    private static final int DESCRIPTOR = 0x08074b50;
    private static final int SIZES_OF_64 = 1;
    private static final int HAS_DESCRIPTOR = 1 << 3;

    /** Names in UTF-8 and levels of compression beside; encryption, patches and masks are not read. */
    private static final int KNOWN_FLAGS = 1 << 11 | HAS_DESCRIPTOR | 1 << 1 | 1 << 2;

    private static final long ALL_ONES = 0xffffffffL;
    private static final int LONGEST_DIRECTORY = 64 << 20;

    /**
     * An entry as the directory lists it.
     *
     * @param header where its local header begins
     * @param directory where the directory begins
     */
    record Listed(
            String name, int flags, boolean deflated, long crc, long packed, long size, long header, long directory) {
        boolean hasDescriptor() {
            return (flags & HAS_DESCRIPTOR) != 0;
        }
    }

    private ZipDirectory() {}

    static List<Listed> read(FileChannel channel, int most) throws IOException, DataFormatException {
        long end = channel.size() - END_LENGTH;
        ByteBuffer last = ScriptArchive.bytes(channel, end, END_LENGTH);
        if (last.getInt() != END || last.getShort(20) != 0) {
            throw new DataFormatException("it does not end as a ZIP file does");
        }
        if (last.getShort(4) != 0 || last.getShort(6) != 0) throw new DataFormatException("it is a part of several");
        long count = Short.toUnsignedLong(last.getShort(10));
        if (count != Short.toUnsignedLong(last.getShort(8))) throw new DataFormatException("it is a part of several");
        long length = Integer.toUnsignedLong(last.getInt(12));
        long start = Integer.toUnsignedLong(last.getInt(16));
        ByteBuffer locator = end >= LOCATOR_LENGTH
                ? ScriptArchive.bytes(channel, end - LOCATOR_LENGTH, LOCATOR_LENGTH)
                : ByteBuffer.allocate(LOCATOR_LENGTH);
        if (locator.getInt(0) == LOCATOR) {
            long at = end - LOCATOR_LENGTH - END64_LENGTH;
            ByteBuffer large = ScriptArchive.bytes(channel, at, END64_LENGTH);
            if (locator.getInt(4) != 0
                    || locator.getLong(8) != at
                    || locator.getInt(16) != 1
                    || large.getInt(0) != END64
                    || large.getLong(4) != END64_LENGTH - 12
                    || large.getInt(16) != 0
                    || large.getInt(20) != 0
                    || large.getLong(24) != large.getLong(32)
                    || !agree(count, large.getLong(32), 0xffff)
                    || !agree(length, large.getLong(40), ALL_ONES)
                    || !agree(start, large.getLong(48), ALL_ONES)) {
                throw new DataFormatException("the two ends of its directory differ");
            }
            count = large.getLong(32);
            length = large.getLong(40);
            start = large.getLong(48);
            end = at;
        }
        if (count < 0 || count > most)
            throw new DataFormatException("it claims " + count + " entries; at most " + most);
        if (start < 0 || length < 0 || length > LONGEST_DIRECTORY || start + length != end) {
            throw new DataFormatException("its directory is not where it says");
        }
        return list(ScriptArchive.bytes(channel, start, (int) length), (int) count, start);
    }

    private static boolean agree(long small, long large, long ones) {
        return small == large || small == ones;
    }

    private static List<Listed> list(ByteBuffer in, int count, long directory) throws DataFormatException {
        List<Listed> listed = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (in.remaining() < LISTED_LENGTH || in.getInt(in.position()) != LISTED) {
                throw new DataFormatException("entry " + i + " of its directory is damaged");
            }
            int at = in.position();
            int flags = Short.toUnsignedInt(in.getShort(at + 8));
            int method = Short.toUnsignedInt(in.getShort(at + 10));
            int nameLength = Short.toUnsignedInt(in.getShort(at + 28));
            int extraLength = Short.toUnsignedInt(in.getShort(at + 30));
            int commentLength = Short.toUnsignedInt(in.getShort(at + 32));
            if (in.remaining() < LISTED_LENGTH + nameLength + extraLength + commentLength) {
                throw new DataFormatException("entry " + i + " of its directory is cut off");
            }
            String name = name(in, at + LISTED_LENGTH, nameLength);
            String quoted = ScriptArchive.quoted(name);
            if ((flags & ~KNOWN_FLAGS) != 0) {
                throw new DataFormatException(
                        "its entry " + quoted + " is encrypted, or packed in a way that is not read");
            }
            if (method != 0 && method != 8) {
                throw new DataFormatException("its entry " + quoted + " is compressed by method " + method
                        + "; expected 0 (stored) or 8 (deflated)");
            }
            if (in.getShort(at + 34) != 0)
                throw new DataFormatException("its entry " + quoted + " lies in another file");
            long packed = Integer.toUnsignedLong(in.getInt(at + 20));
            long size = Integer.toUnsignedLong(in.getInt(at + 24));
            long header = Integer.toUnsignedLong(in.getInt(at + 42));
            Sizes sizes = Sizes.of(in, at + LISTED_LENGTH + nameLength, extraLength, size, packed, header, quoted);
            listed.add(new Listed(
                    name,
                    flags,
                    method == 8,
                    Integer.toUnsignedLong(in.getInt(at + 16)),
                    sizes.packed,
                    sizes.size,
                    sizes.header,
                    directory));
            in.position(at + LISTED_LENGTH + nameLength + extraLength + commentLength);
        }
        if (in.hasRemaining()) throw new DataFormatException("its directory has more than its entries");
        return listed;
    }

    private static String name(ByteBuffer in, int at, int length) throws DataFormatException {
        try {
            String name = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(in.duplicate().position(at).limit(at + length))
                    .toString();
            if (name.isEmpty()
                    || name.startsWith("/")
                    || name.chars().anyMatch(c -> c < ' ' || c == 127 || c == '\\')) {
                throw new DataFormatException("an entry has the name " + ScriptArchive.quoted(name));
            }
            return name;
        } catch (CharacterCodingException e) {
            throw new DataFormatException("the name of an entry is not UTF-8");
        }
    }

    /** Sizes of an entry, including the 64-bit values of its extra field. */
    private record Sizes(long size, long packed, long header) {
        static Sizes of(ByteBuffer in, int at, int length, long size, long packed, long header, String name)
                throws DataFormatException {
            int stop = at + length;
            boolean found = false;
            while (at + 4 <= stop) {
                int kind = Short.toUnsignedInt(in.getShort(at));
                int bytes = Short.toUnsignedInt(in.getShort(at + 2));
                at += 4;
                if (at + bytes > stop) throw new DataFormatException("the extra field of " + name + " is damaged");
                if (kind == SIZES_OF_64) {
                    if (found) throw new DataFormatException("its entry " + name + " has two sizes");
                    found = true;
                    int next = at;
                    long[] values = {size, packed, header};
                    for (int i = 0; i < 3; i++) {
                        if (values[i] != ALL_ONES) continue;
                        if (next + 8 > at + bytes)
                            throw new DataFormatException("the extra field of " + name + " is cut off");
                        values[i] = in.getLong(next);
                        next += 8;
                    }
                    size = values[0];
                    packed = values[1];
                    header = values[2];
                }
                at += bytes;
            }
            if (size < 0 || packed < 0 || header < 0)
                throw new DataFormatException("its entry " + name + " has a wrong size");
            return new Sizes(size, packed, header);
        }
    }

    /** Compare an entry's local header with the directory, and return where its bytes begin. */
    static long checkHeader(FileChannel channel, Listed entry) throws IOException, DataFormatException {
        ByteBuffer header = ScriptArchive.bytes(channel, entry.header, HEADER_LENGTH);
        String quoted = ScriptArchive.quoted(entry.name);
        int nameLength = Short.toUnsignedInt(header.getShort(26));
        int extraLength = Short.toUnsignedInt(header.getShort(28));
        ByteBuffer rest = ScriptArchive.bytes(channel, entry.header + HEADER_LENGTH, nameLength + extraLength);
        boolean later = entry.hasDescriptor();
        Sizes sizes = Sizes.of(
                rest,
                nameLength,
                extraLength,
                Integer.toUnsignedLong(header.getInt(22)),
                Integer.toUnsignedLong(header.getInt(18)),
                0,
                quoted);
        if (header.getInt(0) != HEADER
                || Short.toUnsignedInt(header.getShort(6)) != entry.flags
                || Short.toUnsignedInt(header.getShort(8)) != (entry.deflated ? 8 : 0)
                || !name(rest, 0, nameLength).equals(entry.name)
                || !same(Integer.toUnsignedLong(header.getInt(14)), entry.crc, later)
                || !same(sizes.packed, entry.packed, later)
                || !same(sizes.size, entry.size, later)) {
            throw new DataFormatException("the header of its entry " + quoted + " and its directory differ");
        }
        return entry.header + HEADER_LENGTH + nameLength + extraLength;
    }

    private static boolean same(long found, long expected, boolean maySaySoLater) {
        return found == expected || maySaySoLater && (found == 0 || found == ALL_ONES);
    }

    /** Compare what stands behind an entry's bytes with the directory, and return where it ends. */
    static long checkDescriptor(FileChannel channel, Listed entry, long at, long next)
            throws IOException, DataFormatException {
        long length = next - at;
        boolean marked = length == 16 || length == 24;
        boolean large = length == 20 || length == 24;
        if (marked || large || length == 12) {
            ByteBuffer found = ScriptArchive.bytes(channel, at, (int) length);
            boolean right = !marked || found.getInt() == DESCRIPTOR;
            long crc = Integer.toUnsignedLong(found.getInt());
            long packed = large ? found.getLong() : Integer.toUnsignedLong(found.getInt());
            long size = large ? found.getLong() : Integer.toUnsignedLong(found.getInt());
            if (right && crc == entry.crc && packed == entry.packed && size == entry.size) return next;
        }
        throw new DataFormatException(
                "what stands behind its entry " + ScriptArchive.quoted(entry.name) + " and its directory differ");
    }
}
