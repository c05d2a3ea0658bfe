package dev.limbeck.io;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.IntConsumer;

/** Count the read bytes of a tar, and limit those that describe one entry, which are all kept in memory. */
final class HeaderStream extends FilterInputStream {
    /** Names and attributes need some KB, maps of sparse files some hundreds. */
    private static final int LONGEST = 2 << 20;

    private final IntConsumer counter;
    private final byte[] chunk = new byte[Decompression.CHUNK];
    private long left = Long.MAX_VALUE;

    HeaderStream(InputStream in, IntConsumer counter) {
        super(in);
        this.counter = counter;
    }

    /** Set whether the following bytes describe an entry. */
    void describes(boolean header) {
        left = header ? LONGEST : Long.MAX_VALUE;
    }

    @Override
    public int read() throws IOException {
        int value = super.read();
        if (value >= 0) count(1);
        return value;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        int read = super.read(target, offset, count);
        if (read > 0) count(read);
        return read;
    }

    @Override
    public long skip(long count) throws IOException {
        return Math.max(0, read(chunk, 0, (int) Math.min(Math.max(0, count), chunk.length)));
    }

    private void count(int bytes) throws IOException {
        counter.accept(bytes);
        left -= bytes;
        if (left < 0) throw new IOException("the description of an entry takes more than " + LONGEST + " bytes");
    }
}
