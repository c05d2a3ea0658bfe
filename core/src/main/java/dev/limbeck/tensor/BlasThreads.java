package dev.limbeck.tensor;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.jspecify.annotations.Nullable;

/**
 * Let products of matrices use all threads while work on batches lasts, in try-with-resources. Outside they use one: to wake
 * another takes longer than the products that a small network makes of a single image. They use one always where
 * {@code OPENBLAS_THREAD_TIMEOUT} is not in the environment, because those threads, which are not LibTorch's, would spin for
 * 30 ms after each product, and what {@code OPENBLAS_NUM_THREADS} says there stays.
 */
public final class BlasThreads implements AutoCloseable {
    private static final boolean CHOSEN = System.getenv("OPENBLAS_NUM_THREADS") != null;
    private static final boolean IDLE_THREADS_SLEEP = System.getenv("OPENBLAS_THREAD_TIMEOUT") != null;

    /** Networks of this many parameters make products of a single image that are worth a second thread. */
    private static final long LARGE = 5_000_000;

    private static int goingOn;

    private boolean closed;

    private BlasThreads() {}

    /** Begin; any number of pieces of work may go on at a time. */
    public static synchronized BlasThreads begin() {
        if (goingOn++ == 0 && IDLE_THREADS_SLEEP) products(Engine.threads());
        return new BlasThreads();
    }

    /**
     * Begin if it is worth it.
     *
     * @param rows how many are asked about
     * @param parameters how many the network has; 0 if that is not known
     * @return null if products are to stay on one thread
     */
    public static @Nullable BlasThreads about(long rows, long parameters) {
        return rows > 1 || parameters >= LARGE ? begin() : null;
    }

    /** Let single images be answered by one thread, until the first work on batches begins. */
    static void answerSingles() {
        Loader.load(openblas_nolapack.class);
        products(1);
    }

    private static void products(int threads) {
        if (!CHOSEN) openblas_nolapack.blas_set_num_threads(threads);
    }

    @Override
    public void close() {
        if (!closed) end();
        closed = true;
    }

    private static synchronized void end() {
        if (--goingOn == 0) products(1);
    }
}
