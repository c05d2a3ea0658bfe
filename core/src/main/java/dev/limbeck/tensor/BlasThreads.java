package dev.limbeck.tensor;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.openblas.global.openblas_nolapack;
import org.jspecify.annotations.Nullable;

/**
 * Allow multi-threaded matrix products while batches are processed. Use it in try-with-resources. Otherwise products
 * use one thread: waking another takes longer than the products for a single image, and waiting for it much longer where a neighbor has its core. Without {@code
 * OPENBLAS_THREAD_TIMEOUT} in the environment, products always use one thread, because OpenBLAS' threads would spin for
 * 30 ms after each product. {@code OPENBLAS_NUM_THREADS} is respected.
 */
public final class BlasThreads implements AutoCloseable {
    private static final boolean CHOSEN = System.getenv("OPENBLAS_NUM_THREADS") != null;
    private static final boolean IDLE_THREADS_SLEEP = NativeSettings.chosen("OPENBLAS_THREAD_TIMEOUT") != null;

    private static int goingOn;

    private boolean closed;

    private BlasThreads() {}

    /** Enable multi-threaded products. Guards may overlap. */
    public static synchronized BlasThreads begin() {
        if (goingOn++ == 0 && IDLE_THREADS_SLEEP) products(Engine.threads());
        return new BlasThreads();
    }

    /**
     * Enable multi-threaded products if they pay off.
     *
     * @param rows batch size
     * @return null to keep one thread
     */
    public static @Nullable BlasThreads about(long rows) {
        return rows > 1 ? begin() : null;
    }

    /** Use one thread for single images, until the first batch work begins. */
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
