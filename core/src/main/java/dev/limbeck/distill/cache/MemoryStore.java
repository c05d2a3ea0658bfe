package dev.limbeck.distill.cache;

import dev.limbeck.data.Data;
import dev.limbeck.data.SampleKey;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Keep rows about one data set in memory, up to this many and to a quarter of the heap. */
final class MemoryStore implements RowStore {
    /** About what a key and its entry take. */
    private static final int ROW_OVERHEAD = 100;

    private final Map<SampleKey, byte[]> rows = new ConcurrentHashMap<>();
    private final long budget;
    private volatile int rowBytes;
    private WeakReference<Data> about = new WeakReference<>(null);

    MemoryStore(long budget) {
        this.budget = budget;
    }

    /** Drop rows about other data than this, whose batches would not come again. */
    synchronized MemoryStore about(Data data) {
        if (about.get() != data) rows.clear();
        about = new WeakReference<>(data);
        return this;
    }

    @Override
    public boolean has(SampleKey key) {
        return rows.containsKey(key);
    }

    @Override
    public boolean get(SampleKey key, ByteBuffer target) {
        byte[] row = rows.get(key);
        if (row == null) return false;
        target.put(row);
        return true;
    }

    @Override
    public void put(SampleKey key, byte[] values, int offset, int length) {
        rowBytes = length;
        long fitting = Runtime.getRuntime().maxMemory() / 4 / (length + ROW_OVERHEAD);
        if (rows.size() < Math.min(budget, fitting))
            rows.putIfAbsent(key, Arrays.copyOfRange(values, offset, offset + length));
    }

    /** Return how many bytes a row has; 0 before the first. */
    int rowBytes() {
        return rowBytes;
    }

    @Override
    public void close() {}
}
