package dev.limbeck.weights;

import dev.limbeck.LimbeckException;
import dev.limbeck.io.IoErrors;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Read the ZIP of a TorchScript file strictly, so LibTorch's reader cannot see another one in it. Entries fill the file
 * without gaps, local headers match the directory, all entries are in one folder, no two names differ only in case, and
 * every checksum matches.
 */
final class ScriptArchive {
    private static final int MOST_ENTRIES = 200_000;

    /** What code, pickles and texts may take in all; those of networks take some MB. */
    private static final long MOST_TEXT = 48L << 20;

    /** Entries may be compressed, within reason: a bomb is 1000 times as large as its file. */
    private static final long ALWAYS_ALLOWED = 64L << 20;

    private static final int MOST_GROWTH = 4;
    private static final int BUFFER = 1 << 20;

    /**
     * Describe an entry.
     *
     * @param name behind the archive's folder
     * @param size in bytes, uncompressed
     * @param start of its bytes in the file
     * @param packed how many bytes of the file it takes
     */
    record Entry(String name, boolean deflated, long crc, long size, long start, long packed) {}

    private final Path file;
    private final Map<String, Entry> entries = new LinkedHashMap<>();
    private final Map<String, byte[]> texts = new HashMap<>();

    private ScriptArchive(Path file) {
        this.file = file;
    }

    /**
     * Read a file's directory, check it against the file, and the checksum of every entry.
     *
     * @throws LimbeckException with a one-line message, if it is not such an archive or is damaged
     */
    static ScriptArchive read(Path file, FileChannel channel) throws IOException {
        ScriptArchive archive = new ScriptArchive(file);
        try {
            List<ZipDirectory.Listed> listed = ZipDirectory.read(channel, MOST_ENTRIES);
            archive.layOut(channel, listed);
            archive.check(channel);
        } catch (DataFormatException e) {
            throw archive.damaged(e.getMessage());
        }
        return archive;
    }

    private void layOut(FileChannel channel, List<ZipDirectory.Listed> listed) throws IOException, DataFormatException {
        String folder = folder(listed);
        List<ZipDirectory.Listed> inOrder = new ArrayList<>(listed);
        inOrder.sort(Comparator.comparingLong(ZipDirectory.Listed::header));
        Map<String, String> seen = new HashMap<>();
        long expected = 0;
        for (int i = 0; i < inOrder.size(); i++) {
            ZipDirectory.Listed entry = inOrder.get(i);
            if (entry.header() != expected) {
                throw new DataFormatException("between its entries are bytes of none, or they overlap, at byte "
                        + Math.min(expected, entry.header()));
            }
            long start = ZipDirectory.checkHeader(channel, entry);
            long end = start + entry.packed();
            long next = i + 1 < inOrder.size() ? inOrder.get(i + 1).header() : entry.directory();
            if (end > next) throw new DataFormatException("entry " + quoted(entry.name()) + " is cut off");
            if (entry.hasDescriptor()) end = ZipDirectory.checkDescriptor(channel, entry, end, next);
            expected = end;
            String name = entry.name();
            if (!name.startsWith(folder)) {
                throw new DataFormatException(
                        "entry " + quoted(name) + " lies outside of its folder " + quoted(folder));
            }
            String before = seen.put(name.toLowerCase(Locale.ROOT), name);
            if (before != null) {
                throw new DataFormatException("the entries " + quoted(before) + " and " + quoted(name)
                        + " are the same to LibTorch, which takes no notice of upper case");
            }
            if (name.endsWith("/")) {
                if (entry.size() != 0) throw new DataFormatException("a folder in it has bytes");
                continue;
            }
            String inner = name.substring(folder.length());
            entries.put(inner, new Entry(inner, entry.deflated(), entry.crc(), entry.size(), start, entry.packed()));
        }
        if (!inOrder.isEmpty() && expected != inOrder.get(0).directory()) {
            throw new DataFormatException("between its entries and its directory are bytes of none");
        }
    }

    private static String folder(List<ZipDirectory.Listed> listed) throws DataFormatException {
        if (listed.isEmpty()) throw new DataFormatException("it has no entries");
        String first = listed.get(0).name();
        int slash = first.indexOf('/');
        if (slash <= 0) throw new DataFormatException("its entry " + quoted(first) + " lies in no folder");
        return first.substring(0, slash + 1);
    }

    /** Compare every checksum in one pass over the file, and keep what is code, pickle or text. */
    private void check(FileChannel channel) throws IOException, DataFormatException {
        long fileSize = channel.size();
        long unpacked = 0;
        long text = 0;
        for (Entry entry : entries.values()) {
            if (entry.deflated) unpacked += entry.size;
            boolean kept = isText(entry.name);
            if (kept) text += entry.size;
            if (unpacked > Math.max(ALWAYS_ALLOWED, MOST_GROWTH * fileSize) || entry.size < 0 || unpacked < 0) {
                throw new DataFormatException(
                        "its compressed entries claim far more bytes than the " + fileSize + " it has");
            }
            if (text > MOST_TEXT) {
                throw new DataFormatException(
                        "its code and pickles claim more than the " + (MOST_TEXT >> 20) + " MiB that are read");
            }
        }
        ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(BUFFER, Math.max(1, fileSize)));
        Inflater inflater = new Inflater(true);
        try {
            for (Entry entry : entries.values()) {
                byte[] kept = isText(entry.name) ? new byte[(int) entry.size] : null;
                long crc = entry.deflated
                        ? inflate(channel, entry, buffer, inflater, kept)
                        : sum(channel, entry, buffer, kept);
                if (crc != entry.crc) {
                    throw new DataFormatException("the checksum of its entry " + quoted(entry.name) + " is wrong");
                }
                if (kept != null) texts.put(entry.name, kept);
            }
        } finally {
            inflater.end();
        }
    }

    private static long sum(FileChannel channel, Entry entry, ByteBuffer buffer, byte @Nullable [] kept)
            throws IOException, DataFormatException {
        if (entry.size != entry.packed) {
            throw new DataFormatException("its entry " + quoted(entry.name) + " has two sizes");
        }
        CRC32 crc = new CRC32();
        long done = 0;
        while (done < entry.size) {
            int count = fill(channel, buffer, entry.start + done, entry.size - done);
            crc.update(buffer.array(), 0, count);
            if (kept != null) System.arraycopy(buffer.array(), 0, kept, (int) done, count);
            done += count;
        }
        return crc.getValue();
    }

    private static long inflate(
            FileChannel channel, Entry entry, ByteBuffer buffer, Inflater inflater, byte @Nullable [] kept)
            throws IOException, DataFormatException {
        inflater.reset();
        CRC32 crc = new CRC32();
        byte[] out = new byte[1 << 16];
        long read = 0;
        long written = 0;
        while (!inflater.finished()) {
            if (inflater.needsInput()) {
                if (read == entry.packed)
                    throw new DataFormatException("its entry " + quoted(entry.name) + " is cut off");
                int count = fill(channel, buffer, entry.start + read, entry.packed - read);
                read += count;
                inflater.setInput(buffer.array(), 0, count);
            }
            int count = inflater.inflate(out);
            if (inflater.needsDictionary() || written + count > entry.size) {
                throw new DataFormatException("its entry " + quoted(entry.name) + " is not as long as it says");
            }
            crc.update(out, 0, count);
            if (kept != null) System.arraycopy(out, 0, kept, (int) written, count);
            written += count;
        }
        if (written != entry.size || read != entry.packed || inflater.getRemaining() != 0) {
            throw new DataFormatException("its entry " + quoted(entry.name) + " is not as long as it says");
        }
        return crc.getValue();
    }

    private static int fill(FileChannel channel, ByteBuffer buffer, long at, long wanted) throws IOException {
        buffer.clear().limit((int) Math.min(buffer.capacity(), wanted));
        int count = channel.read(buffer, at);
        if (count <= 0) throw new EOFException();
        return count;
    }

    /** Return whether an entry is parsed: what LibTorch parses, and the stored texts. */
    private static boolean isText(String name) {
        return name.equals("data.pkl")
                || name.equals("constants.pkl")
                || name.startsWith("code/") && name.endsWith(".py")
                || name.equals("version")
                || name.equals(".data/version")
                || name.equals("byteorder");
    }

    Map<String, Entry> entries() {
        return entries;
    }

    /** Return the bytes of code, a pickle or a fact of the archive; null if there is no such entry. */
    byte @Nullable [] text(String name) {
        return texts.get(name);
    }

    /** Return the bytes of any entry that is shorter than a limit; null for others. */
    byte @Nullable [] small(FileChannel channel, Entry entry, int limit) throws IOException {
        if (entry.size >= limit) return null;
        byte[] bytes = new byte[(int) entry.size];
        ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
        Inflater inflater = new Inflater(true);
        try {
            if (entry.deflated) inflate(channel, entry, buffer, inflater, bytes);
            else sum(channel, entry, buffer, bytes);
        } catch (DataFormatException e) {
            throw damaged(e.getMessage());
        } finally {
            inflater.end();
        }
        return bytes;
    }

    LimbeckException damaged(@Nullable String what) {
        return IoErrors.in(file, "is a damaged archive: " + what + "; copy or download it again");
    }

    static String quoted(String name) {
        return "'" + IoErrors.printable(name) + "'";
    }

    /** Return a little-endian view of bytes read at a place of the file. */
    static ByteBuffer bytes(FileChannel channel, long at, int count) throws IOException, DataFormatException {
        if (at < 0 || at + count > channel.size())
            throw new DataFormatException("it ends in the middle of its content");
        ByteBuffer buffer = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, at + buffer.position()) <= 0) throw new EOFException();
        }
        return buffer.flip();
    }
}
