package dev.limbeck.tensor;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Do work in two halves, the second on another thread if one is free. Otherwise the caller does it too, after the first: beside a busy
 * neighbor, a second thread that has to be waited for takes longer than its half.
 */
final class TwoThreads {
    private static final long IDLE_SECONDS = 10;
    private static final Logger LOG = LoggerFactory.getLogger(TwoThreads.class);
    /** One task waits at most; with more than one caller, each has a core already. */
    private static final ThreadPoolExecutor SECOND = second();

    private TwoThreads() {}

    private static ThreadPoolExecutor second() {
        ThreadPoolExecutor one = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(1),
                work -> {
                    Thread thread = new Thread(work, "limbeck-second-half");
                    thread.setDaemon(true);
                    return thread;
                },
                new ThreadPoolExecutor.DiscardPolicy());
        one.allowCoreThreadTimeOut(true);
        return one;
    }

    /**
     * Do both halves. Returns when none of them runs anymore, also if one fails: then its failure is thrown, that of the first before the
     * other. The second must not open a scope, for which its thread may have to wait while the process ends.
     */
    static void run(Runnable first, Runnable second) {
        FutureTask<Void> shared = new FutureTask<>(second, null);
        try {
            SECOND.execute(shared);
        } catch (OutOfMemoryError e) {
            LOG.debug("no second thread, so the caller does both halves: {}", e.getMessage());
        }
        try {
            first.run();
        } catch (Throwable e) {
            try {
                end(shared);
            } catch (Throwable other) {
                e.addSuppressed(other);
            }
            throw e;
        }
        end(shared);
    }

    private static void end(FutureTask<Void> shared) {
        // Does nothing if the other thread has begun it.
        shared.run();
        // Done here, it would keep the next half from the other thread.
        SECOND.remove(shared);
        await(shared);
    }

    private static void await(FutureTask<Void> shared) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    shared.get();
                    return;
                } catch (InterruptedException e) {
                    // Native memory is in use until it ends.
                    interrupted = true;
                } catch (ExecutionException e) {
                    if (e.getCause() instanceof Error cause) throw cause;
                    // A Runnable throws nothing else.
                    throw (RuntimeException) e.getCause();
                }
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }
}
