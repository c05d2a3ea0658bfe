package dev.limbeck.distill.cache;

import dev.limbeck.data.Data;
import dev.limbeck.data.SampleKey;
import java.lang.ref.WeakReference;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Store rows of one data set and one teacher in memory, up to a number of rows and a quarter of the heap. */
final class MemoryStore implements RowStore {
    /** Approximate size of a key and its entry, in bytes. */
    private static final int ROW_OVERHEAD = 100;

    private final Map<SampleKey, byte[]> rows = new ConcurrentHashMap<>();
    private final long budget;
    private volatile int rowBytes;
    private WeakReference<Data> about = new WeakReference<>(null);
    private String teacher = "";

    MemoryStore(long budget) {
        this.budget = budget;
    }

    /** Drop rows of other data, whose batches do not recur, and of another teacher. */
    synchronized MemoryStore about(Data data, String identity) {
        if (about.get() != data || !teacher.equals(identity)) {
            rows.clear();
            rowBytes = 0;
        }
        about = new WeakReference<>(data);
        teacher = identity;
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

    /** Return the bytes per row; 0 before the first row. */
    int rowBytes() {
        return rowBytes;
    }

    @Override
    public void close() {}
}
