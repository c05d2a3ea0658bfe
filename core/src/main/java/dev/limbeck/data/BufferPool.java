package dev.limbeck.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Lend direct buffers of one size and take them back, so that batch after batch uses the same memory. It grows to as
 * many buffers as are lent at once; their memory goes when the pool is collected.
 */
public final class BufferPool {
    private final ConcurrentLinkedDeque<ByteBuffer> free = new ConcurrentLinkedDeque<>();
    private final int bytes;

    /**
     * Make an empty pool.
     *
     * @param bytes the size of every buffer
     */
    public BufferPool(int bytes) {
        this.bytes = bytes;
    }

    /** Lend a buffer in native byte order, positioned at its start; its contents are arbitrary. */
    public ByteBuffer take() {
        ByteBuffer buffer = free.pollFirst();
        if (buffer == null) buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        buffer.clear();
        return buffer;
    }

    /** Take a lent buffer back. */
    public void give(ByteBuffer buffer) {
        free.addFirst(buffer);
    }

    /** Return how many buffers lie ready. */
    public int available() {
        return free.size();
    }
}
