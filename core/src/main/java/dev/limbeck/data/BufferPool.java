package dev.limbeck.data;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Reuse direct buffers of one size across batches. The pool grows to the largest number of buffers in use. Their memory
 * is freed when the pool is garbage-collected.
 */
public final class BufferPool {
    private final ConcurrentLinkedDeque<ByteBuffer> free = new ConcurrentLinkedDeque<>();
    private final int bytes;

    /**
     * Create an empty pool.
     *
     * @param bytes size of every buffer
     */
    public BufferPool(int bytes) {
        this.bytes = bytes;
    }

    /** Borrow a buffer in native byte order, with position 0 and undefined contents. */
    public ByteBuffer take() {
        ByteBuffer buffer = free.pollFirst();
        if (buffer == null) buffer = ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
        buffer.clear();
        return buffer;
    }

    /** Return a borrowed buffer to the pool. */
    public void give(ByteBuffer buffer) {
        free.addFirst(buffer);
    }

    /** Return the number of free buffers. */
    public int available() {
        return free.size();
    }
}
