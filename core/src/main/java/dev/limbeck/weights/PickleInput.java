package dev.limbeck.weights;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;

/** Feed an unpickler: count the bytes, know how many are left, and throw at the end instead of returning −1. */
public final class PickleInput extends InputStream {
    private final InputStream source;
    private final long length;
    private long position;
    private long marked;

    /**
     * Read from a stream that supports marks.
     *
     * @param length how many bytes the pickles may take in all
     */
    public PickleInput(InputStream source, long length) {
        this.source = source;
        this.length = length;
    }

    long position() {
        return position;
    }

    long remaining() {
        return length - position;
    }

    @Override
    public int read() throws IOException {
        int value = position < length ? source.read() : -1;
        if (value < 0) throw new EOFException();
        position++;
        return value;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
        if (count == 0) return 0;
        int wanted = (int) Math.min(count, remaining());
        int got = wanted == 0 ? -1 : source.read(bytes, offset, wanted);
        if (got < 0) throw new EOFException();
        position += got;
        return got;
    }

    @Override
    public boolean markSupported() {
        return true;
    }

    @Override
    public synchronized void mark(int limit) {
        source.mark(limit);
        marked = position;
    }

    @Override
    public synchronized void reset() throws IOException {
        source.reset();
        position = marked;
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
