package dev.limbeck.data;

import dev.limbeck.LimbeckException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Prepare batches ahead on worker threads, and return them in order. A worker starts the next batch when fewer than
 * {@code depth} batches are in progress or waiting. This bounds memory, and the first unfinished batch is always in
 * progress.
 */
public final class PrefetchStream implements DataLoader {
    /** Write one row. Called concurrently from worker threads. */
    @FunctionalInterface
    public interface RowFiller {
        /**
         * Write exactly one row's bytes at the buffer's position.
         *
         * @param index position of the row in its split
         */
        void fill(int index, ByteBuffer target);
    }

    /** Convert a filled buffer to tensors. Called on the consumer's thread. */
    @FunctionalInterface
    public interface BatchMaker {
        /**
         * Create the batch. Copy the bytes: the buffer is reused after this call.
         *
         * @param bytes consecutive rows, from the start of the buffer
         */
        Batch make(int[] indices, ByteBuffer bytes);
    }

    private record Filled(
            @Nullable ByteBuffer buffer, @Nullable Throwable failure) {}

    private final Object lock = new Object();
    private final List<int[]> rows;
    private final int depth;
    private final BufferPool pool;
    private final RowFiller filler;
    private final BatchMaker maker;
    private final List<Thread> workers = new ArrayList<>();
    private final Map<Integer, Filled> ready = new HashMap<>();
    private int claimed;
    private int delivered;
    private boolean failed;
    private volatile boolean closed;

    /**
     * Start the workers.
     *
     * @param rows positions of the rows of each batch
     * @param pool buffers large enough for every batch
     * @param workers number of threads, at least 1
     * @param depth maximum number of batches in progress or waiting, at least 1
     */
    public PrefetchStream(
            List<int[]> rows, BufferPool pool, int workers, int depth, RowFiller filler, BatchMaker maker) {
        if (workers < 1 || depth < 1) {
            throw new LimbeckException(
                    "workers and prefetch depth must be at least 1, found " + workers + " and " + depth);
        }
        this.rows = List.copyOf(rows);
        this.pool = pool;
        this.depth = depth;
        this.filler = filler;
        this.maker = maker;
        for (int i = 0; i < Math.min(workers, rows.size()); i++) {
            Thread thread = new Thread(this::work, "limbeck-batches-" + (i + 1));
            thread.setDaemon(true);
            this.workers.add(thread);
        }
        this.workers.forEach(Thread::start);
    }

    @Override
    public int batches() {
        return rows.size();
    }

    @Override
    public @Nullable Batch next() {
        if (closed) throw new IllegalStateException("the loader is closed");
        if (delivered == rows.size()) return null;
        Filled filled = await(delivered);
        if (filled.failure != null) {
            close();
            if (filled.failure instanceof Error error) throw error;
            throw (RuntimeException) filled.failure;
        }
        ByteBuffer buffer = filled.buffer;
        buffer.rewind();
        try {
            return maker.make(rows.get(delivered), buffer);
        } finally {
            pool.give(buffer);
            synchronized (lock) {
                delivered++;
                lock.notifyAll();
            }
        }
    }

    /** Stop the workers, wait for each to finish its row, and return all buffers. */
    @Override
    public void close() {
        synchronized (lock) {
            closed = true;
            lock.notifyAll();
        }
        boolean interrupted = false;
        for (Thread worker : workers) {
            while (worker.isAlive()) {
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        workers.clear();
        for (Filled filled : ready.values()) {
            if (filled.buffer != null) pool.give(filled.buffer);
        }
        ready.clear();
        if (interrupted) Thread.currentThread().interrupt();
    }

    private Filled await(int number) {
        synchronized (lock) {
            try {
                while (!ready.containsKey(number)) lock.wait();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new LimbeckException("interrupted while waiting for batch " + number, e);
            }
            return ready.remove(number);
        }
    }

    private void work() {
        for (int number = claim(); number >= 0; number = claim()) {
            Filled filled = fill(rows.get(number));
            synchronized (lock) {
                ready.put(number, filled);
                // Earlier batches are claimed and still arrive; later ones would not be requested.
                if (filled.failure != null) failed = true;
                lock.notifyAll();
            }
        }
    }

    private int claim() {
        synchronized (lock) {
            while (!closed && !failed && claimed < rows.size() && claimed - delivered >= depth) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    // No one else has access to these threads, so closing is the only way to stop them.
                    continue;
                }
            }
            return closed || failed || claimed == rows.size() ? -1 : claimed++;
        }
    }

    private Filled fill(int[] indices) {
        ByteBuffer buffer = null;
        try {
            buffer = pool.take();
            for (int index : indices) {
                if (closed) break;
                filler.fill(index, buffer);
            }
            return new Filled(buffer, null);
        } catch (RuntimeException | Error failure) {
            if (buffer != null) pool.give(buffer);
            return new Filled(null, failure);
        }
    }
}
