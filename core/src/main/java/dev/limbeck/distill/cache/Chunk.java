package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SampleKey;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Read and write a file of cached rows, little-endian:
 *
 * <pre>
 * 8 bytes   LIMBROWS
 * int32     version of this form, 1
 * int32     n, number of rows
 * int32     b, bytes of a row
 * 16 bytes  which folder it belongs to: the first half of the SHA-256 of its facts
 * n × 16    keys
 * n × b     rows
 * int32     CRC-32C of everything before
 * </pre>
 *
 * <p>The checksum detects every change of up to 32 consecutive bits in a row.
 */
public final class Chunk {
    public static final int ID = 16;
    private static final byte[] MAGIC = {'L', 'I', 'M', 'B', 'R', 'O', 'W', 'S'};
    private static final int VERSION = 1;
    private static final int HEAD = MAGIC.length + 3 * Integer.BYTES + ID;
    private static final int KEY = 2 * Long.BYTES;

    private final ByteBuffer bytes;
    private final int count;
    private final int rowBytes;

    private Chunk(ByteBuffer bytes, int count, int rowBytes) {
        this.bytes = bytes;
        this.count = count;
        this.rowBytes = rowBytes;
    }

    /**
     * Map a file into memory and verify it.
     *
     * @throws LimbeckException with a one-line message, if it is truncated, damaged or of another folder
     */
    public static Chunk open(Path file, byte[] id, int rowBytes) {
        ByteBuffer bytes;
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            if (channel.size() < HEAD + Integer.BYTES || channel.size() > Integer.MAX_VALUE) throw damaged(file);
            bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size())
                    .order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
        int end = bytes.limit() - Integer.BYTES;
        CRC32C sum = new CRC32C();
        sum.update(bytes.duplicate().limit(end));
        if ((int) sum.getValue() != bytes.getInt(end)) throw damaged(file);
        byte[] magic = new byte[MAGIC.length];
        bytes.get(magic);
        int version = bytes.getInt();
        int count = bytes.getInt();
        int row = bytes.getInt();
        byte[] own = new byte[ID];
        bytes.get(own);
        if (!Arrays.equals(magic, MAGIC) || version != VERSION) throw damaged(file);
        if (!Arrays.equals(own, id) || row != rowBytes) {
            throw new LimbeckException(file + " holds rows of another cache folder");
        }
        if (count < 0 || HEAD + (long) count * (KEY + rowBytes) != end) throw damaged(file);
        return new Chunk(bytes, count, rowBytes);
    }

    private static LimbeckException damaged(Path file) {
        return new LimbeckException(file + " is damaged");
    }

    public int count() {
        return count;
    }

    public SampleKey key(int row) {
        int at = HEAD + row * KEY;
        return new SampleKey(bytes.getLong(at), bytes.getLong(at + Long.BYTES));
    }

    public void copy(int row, ByteBuffer target) {
        int at = HEAD + count * KEY + row * rowBytes;
        target.put(bytes.slice(at, rowBytes));
    }

    /** Write rows to a new file, atomically. */
    static void write(Path file, byte[] id, List<SampleKey> keys, ByteBuffer rows, int rowBytes) {
        ByteBuffer head = ByteBuffer.allocate(HEAD + keys.size() * KEY).order(ByteOrder.LITTLE_ENDIAN);
        head.put(MAGIC).putInt(VERSION).putInt(keys.size()).putInt(rowBytes).put(id);
        keys.forEach(key -> head.putLong(key.high()).putLong(key.low()));
        head.flip();
        ByteBuffer content = rows.duplicate().flip();
        CRC32C sum = new CRC32C();
        sum.update(head.duplicate());
        sum.update(content.duplicate());
        ByteBuffer tail = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        tail.putInt((int) sum.getValue()).flip();
        AtomicFile.write(file, channel -> {
            for (ByteBuffer part : List.of(head, content, tail)) {
                while (part.hasRemaining()) channel.write(part);
            }
        });
    }
}
