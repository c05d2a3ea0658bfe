package dev.limbeck.tensor;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Do work in two halves, the second on another thread if one is free. Otherwise the caller does it too, after the first: beside a busy
 * neighbor, a second thread that has to be waited for takes longer than its half.
 */
final class TwoThreads {
    private static final long IDLE_SECONDS = 10;
    /** One task waits at most; with more than one caller, each has a core already. */
    private static final Executor SECOND = second();

    private TwoThreads() {}

    private static Executor second() {
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

    /** Do both halves. They open scopes of their own, and record no gradients. */
    static void run(Runnable first, Runnable second) {
        FutureTask<Void> shared = new FutureTask<>(second, null);
        SECOND.execute(shared);
        try {
            first.run();
        } finally {
            // Does nothing if the other thread has begun it.
            shared.run();
            done(shared);
        }
    }

    private static void done(FutureTask<Void> shared) {
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
                    if (e.getCause() instanceof RuntimeException cause) throw cause;
                    throw new IllegalStateException(e.getCause());
                }
            }
        } finally {
            if (interrupted) Thread.currentThread().interrupt();
        }
    }
}
