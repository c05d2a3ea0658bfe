package dev.limbeck.distill.cache;

import dev.limbeck.LimbeckException;
import dev.limbeck.data.SampleKey;
import dev.limbeck.io.AtomicFile;
import dev.limbeck.io.IoErrors;
import java.io.EOFException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Look up rows by key in a file of sorted rows. Little-endian:
 *
 * <pre>
 * 8 bytes   LIMBSORT
 * int32     version of this form, 1
 * int32     b, bytes of a row
 * int64     n, number of rows
 * int32     m, rows of a block
 * 16 bytes  which folder it belongs to
 * 16 bytes  which files it was made of
 * n rows    key (high and low half, int64 each), b bytes; sorted by key as an unsigned number
 * blocks    for each m rows: the first key, int32 CRC-32C of the rows
 * int32     CRC-32C of everything before the rows, and of the blocks
 * </pre>
 *
 * <p>The table of blocks is held in memory. A block is read and checked when one of its rows is looked up: where pages are slow to map,
 * a mapped file took tens of milliseconds for the first rows of each batch, and a truncated one ends the process. A damaged block is
 * reported, and holds no rows.
 */
final class SortedRows implements AutoCloseable {
    private static final byte[] MAGIC = {'L', 'I', 'M', 'B', 'S', 'O', 'R', 'T'};
    private static final int VERSION = 1;
    private static final int HEAD = MAGIC.length + 3 * Integer.BYTES + Long.BYTES + 2 * Chunk.ID;
    private static final int KEY = ParquetForm.KEY_BYTES;
    private static final int ENTRY = KEY + Integer.BYTES;
    private static final int BLOCK_BYTES = 1 << 12;
    /** Blocks that are held after their use: a row is asked for twice, whether it is there and what it is. */
    private static final int RECENT_BYTES = 1 << 20;

    private static final int MOST_BYTES = 1 << 30;

    private final Path file;
    private final Consumer<String> log;
    private final long count;
    private final int rowBytes;
    private final int perBlock;
    private final long[] highs;
    private final long[] lows;
    private final int[] sums;
    private final RandomAccessFile bytes;
    private final Map<Integer, ByteBuffer> recent;
    private boolean saidDamage;

    private SortedRows(Path file, Header header, ByteBuffer blocks, Consumer<String> log) throws IOException {
        this.file = file;
        this.log = log;
        count = header.count;
        rowBytes = header.rowBytes;
        perBlock = header.perBlock;
        int size = blocks(count, perBlock);
        highs = new long[size];
        lows = new long[size];
        sums = new int[size];
        for (int i = 0; i < size; i++) {
            highs[i] = blocks.getLong();
            lows[i] = blocks.getLong();
            sums[i] = blocks.getInt();
        }
        int most = Math.max(1, RECENT_BYTES / (perBlock * (KEY + rowBytes)));
        recent = new LinkedHashMap<>() {
            private static final long serialVersionUID = 1L;

            @Override
            protected boolean removeEldestEntry(Map.Entry<Integer, ByteBuffer> eldest) {
                return size() > most;
            }
        };
        // Unlike a channel's, its reads do not end with an interrupt of the thread.
        bytes = new RandomAccessFile(file.toFile(), "r");
    }

    private record Header(int rowBytes, long count, int perBlock, byte[] id, byte[] source) {
        ByteBuffer bytes() {
            return ByteBuffer.allocate(HEAD)
                    .order(ByteOrder.LITTLE_ENDIAN)
                    .put(MAGIC)
                    .putInt(VERSION)
                    .putInt(rowBytes)
                    .putLong(count)
                    .putInt(perBlock)
                    .put(id)
                    .put(source)
                    .flip();
        }

        static Header read(ByteBuffer bytes) {
            bytes.position(MAGIC.length + Integer.BYTES);
            int row = bytes.getInt();
            long rows = bytes.getLong();
            int block = bytes.getInt();
            byte[] id = new byte[Chunk.ID];
            byte[] source = new byte[Chunk.ID];
            bytes.get(id).get(source);
            return new Header(row, rows, block, id, source);
        }
    }

    private static int perBlock(int rowBytes) {
        return Math.max(1, BLOCK_BYTES / (KEY + rowBytes));
    }

    private static int blocks(long count, int perBlock) {
        return Math.toIntExact((count + perBlock - 1) / perBlock);
    }

    /**
     * Open a file.
     *
     * @param id which folder it belongs to
     * @param source which files it was made of
     * @param log receives a line for a damaged block
     * @throws LimbeckException if it is damaged, or made of other files
     */
    static SortedRows open(Path file, byte[] id, byte[] source, int rowBytes, Consumer<String> log) {
        try (FileChannel channel = FileChannel.open(file)) {
            long size = channel.size();
            if (size < HEAD + Integer.BYTES) throw damaged(file);
            ByteBuffer head = read(channel, 0, HEAD);
            Header header = Header.read(head);
            byte[] magic = Arrays.copyOf(head.array(), MAGIC.length);
            int version = head.getInt(MAGIC.length);
            if (!Arrays.equals(magic, MAGIC) || version != VERSION) throw damaged(file);
            if (!Arrays.equals(header.id, id) || !Arrays.equals(header.source, source) || header.rowBytes != rowBytes) {
                throw new LimbeckException(file + " is of other files than those beside it");
            }
            boolean fits = header.count >= 0 && header.count <= size / (KEY + rowBytes);
            if (!fits || header.perBlock != perBlock(rowBytes)) throw damaged(file);
            long rows = header.count * (KEY + rowBytes);
            long blocks = (header.count + header.perBlock - 1) / header.perBlock * ENTRY;
            if (HEAD + rows + blocks + Integer.BYTES != size || blocks > MOST_BYTES) throw damaged(file);
            ByteBuffer tail = read(channel, HEAD + rows, Math.toIntExact(blocks) + Integer.BYTES);
            CRC32C sum = new CRC32C();
            sum.update(head.rewind());
            sum.update(tail.duplicate().limit((int) blocks));
            if ((int) sum.getValue() != tail.getInt((int) blocks)) throw damaged(file);
            return new SortedRows(file, header, tail, log);
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    private static LimbeckException damaged(Path file) {
        return new LimbeckException(file + " is damaged");
    }

    private static ByteBuffer read(FileChannel channel, long from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) throw new EOFException();
        }
        return bytes.flip();
    }

    long size() {
        return count;
    }

    boolean has(SampleKey key) {
        return find(key) != null;
    }

    boolean get(SampleKey key, ByteBuffer target) {
        ByteBuffer row = find(key);
        if (row == null) return false;
        target.put(row);
        return true;
    }

    private static int compare(long high, long low, SampleKey key) {
        int first = Long.compareUnsigned(high, key.high());
        return first == 0 ? Long.compareUnsigned(low, key.low()) : first;
    }

    private @Nullable ByteBuffer find(SampleKey key) {
        int from = 0;
        int to = highs.length;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (compare(highs[middle], lows[middle], key) <= 0) from = middle + 1;
            else to = middle;
        }
        if (from == 0) return null;
        ByteBuffer block = recent.computeIfAbsent(from - 1, this::read);
        int first = 0;
        int last = block.limit() / (KEY + rowBytes) - 1;
        while (first <= last) {
            int middle = (first + last) >>> 1;
            int at = middle * (KEY + rowBytes);
            int order = compare(block.getLong(at), block.getLong(at + Long.BYTES), key);
            if (order == 0) return block.slice(at + KEY, rowBytes);
            if (order < 0) first = middle + 1;
            else last = middle - 1;
        }
        return null;
    }

    /** Read a block; a damaged one has no rows. */
    private ByteBuffer read(int block) {
        int rows = (int) Math.min(perBlock, count - (long) block * perBlock);
        byte[] content = new byte[rows * (KEY + rowBytes)];
        CRC32C sum = new CRC32C();
        try {
            bytes.seek(HEAD + (long) block * perBlock * (KEY + rowBytes));
            bytes.readFully(content);
            sum.update(content);
        } catch (EOFException e) {
            // Another program has truncated it.
            sum.reset();
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
        if ((int) sum.getValue() == sums[block]) return ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        if (!saidDamage) {
            log.accept(file + " is damaged: outputs of " + rows
                    + " rows or more are computed again; delete it, and it is made again");
        }
        saidDamage = true;
        return ByteBuffer.allocate(0);
    }

    @Override
    public void close() {
        try {
            bytes.close();
        } catch (IOException e) {
            throw IoErrors.reading(file, e);
        }
    }

    /** Fill a file with rows. */
    interface Source {
        /** Give all rows, sorted by key. */
        void forEach(RowWriter rows) throws IOException;
    }

    /** Write a file atomically. */
    static void write(Path file, byte[] id, byte[] source, int rowBytes, Source rows) {
        AtomicFile.write(file, channel -> {
            RowWriter writer = new RowWriter(channel, rowBytes);
            rows.forEach(writer);
            writer.finish(id, source);
        });
    }

    /** Write rows and the table of blocks. */
    static final class RowWriter {
        private static final int MOST = 1 << 20;

        private final FileChannel channel;
        private final int rowBytes;
        private final int perBlock;
        private final ByteBuffer block;
        private ByteBuffer table = ByteBuffer.allocate(MOST).order(ByteOrder.LITTLE_ENDIAN);
        private long count;

        private RowWriter(FileChannel channel, int rowBytes) throws IOException {
            this.channel = channel.position(HEAD);
            this.rowBytes = rowBytes;
            perBlock = perBlock(rowBytes);
            block = ByteBuffer.allocate(perBlock * (KEY + rowBytes)).order(ByteOrder.LITTLE_ENDIAN);
        }

        /** Add a row, whose key is larger than the last one's. */
        void add(long high, long low, byte[] row) throws IOException {
            if (!block.hasRemaining()) flush();
            block.putLong(high).putLong(low).put(row, 0, rowBytes);
            count++;
        }

        private void flush() throws IOException {
            block.flip();
            if (!block.hasRemaining()) return;
            if (table.remaining() < ENTRY) {
                table = ByteBuffer.allocate(2 * table.capacity())
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .put(table.flip());
            }
            CRC32C sum = new CRC32C();
            sum.update(block.duplicate());
            table.putLong(block.getLong(0)).putLong(block.getLong(Long.BYTES)).putInt((int) sum.getValue());
            while (block.hasRemaining()) channel.write(block);
            block.clear();
        }

        private void finish(byte[] id, byte[] source) throws IOException {
            flush();
            ByteBuffer head = new Header(rowBytes, count, perBlock, id, source).bytes();
            CRC32C sum = new CRC32C();
            sum.update(head.duplicate());
            table.flip();
            sum.update(table.duplicate());
            while (table.hasRemaining()) channel.write(table);
            ByteBuffer end = ByteBuffer.allocate(Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            end.putInt((int) sum.getValue()).flip();
            while (end.hasRemaining()) channel.write(end);
            while (head.hasRemaining()) channel.write(head, head.position());
        }
    }
}
