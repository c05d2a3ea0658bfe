package dev.limbeck;

import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Let any number of threads use a native resource, and free it only when none does: native code that computes with freed memory ends
 * the process.
 */
public final class SharedUse {
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private final Use use = () -> lock.readLock().unlock();
    private boolean closed;

    /** End a use, on the thread that began it. */
    @FunctionalInterface
    public interface Use extends AutoCloseable {
        @Override
        void close();
    }

    /**
     * Begin to use the resource. It stays open until the returned object is closed on the same thread.
     *
     * @param whenClosed the error if the resource is closed, and what to do
     * @throws LimbeckException if the resource is closed
     */
    public Use begin(String whenClosed) {
        lock.readLock().lock();
        if (closed) {
            lock.readLock().unlock();
            throw new LimbeckException(whenClosed);
        }
        return use;
    }

    /**
     * Wait until no thread uses the resource, then free it; do nothing if it is closed. The calling thread must not be using it.
     *
     * @param free frees the resource; called once
     */
    public void close(Runnable free) {
        lock.writeLock().lock();
        try {
            if (closed) return;
            closed = true;
            free.run();
        } finally {
            lock.writeLock().unlock();
        }
    }
}
