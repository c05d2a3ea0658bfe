package dev.limbeck.distill.cache;

import dev.limbeck.data.SampleKey;
import java.nio.ByteBuffer;

/** Store rows of bytes by key. */
interface RowStore extends AutoCloseable {
    /** Return whether a key is present. */
    boolean has(SampleKey key);

    /** Copy a row to the buffer's position and return true, or return false if the key is missing. */
    boolean get(SampleKey key, ByteBuffer target);

    /** Store a row, unless its key is present or the store is full. */
    void put(SampleKey key, byte[] rows, int offset, int length);

    /** Return whether the store accepts no more rows. */
    default boolean isFull() {
        return false;
    }

    /** Finish pending writes. */
    @Override
    void close();
}
