package dev.limbeck.distill.cache;

import dev.limbeck.data.SampleKey;
import java.nio.ByteBuffer;

/** Keep rows of bytes by key. */
interface RowStore extends AutoCloseable {
    /** Return whether there is a row of this key. */
    boolean has(SampleKey key);

    /** Copy a row to the buffer's position and return true, or return false if there is none. */
    boolean get(SampleKey key, ByteBuffer target);

    /** Keep a row, unless one of this key is there or there is no room. */
    void put(SampleKey key, byte[] rows, int offset, int length);

    /** Return whether no more rows are taken. */
    default boolean isFull() {
        return false;
    }

    /** Finish what is being written. */
    @Override
    void close();
}
