package dev.limbeck.distill.teacher;

import dev.limbeck.data.RowKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** Keep rows in memory, up to so many. */
final class MemoryStore implements RowStore {
    private final Map<RowKey, byte[]> rows = new ConcurrentHashMap<>();
    private final long budget;
    private volatile int rowBytes;

    MemoryStore(long budget) {
        this.budget = budget;
    }

    @Override
    public boolean has(RowKey key) {
        return rows.containsKey(key);
    }

    @Override
    public boolean get(RowKey key, ByteBuffer target) {
        byte[] row = rows.get(key);
        if (row == null) return false;
        target.put(row);
        return true;
    }

    @Override
    public void put(RowKey key, byte[] values, int offset, int length) {
        rowBytes = length;
        if (rows.size() < budget) rows.putIfAbsent(key, Arrays.copyOfRange(values, offset, offset + length));
    }

    /** Return how many bytes a row has; 0 before the first. */
    int rowBytes() {
        return rowBytes;
    }

    @Override
    public void close() {}
}
