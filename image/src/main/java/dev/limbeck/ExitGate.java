package dev.limbeck;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Keep JVM shutdown away from running native code and half-written files. At exit, the JVM runs the destructors of
 * native libraries while other threads may still compute in them, which crashes or hangs. So every native computation
 * enters this gate, and shutdown waits until all threads have left it. The gate is reentrant.
 *
 * <p>In a host process, such as a server, computations may still enter during a grace period, so that pending requests
 * complete. It lasts 1 second, or the number of seconds in the system property {@code limbeck.exitGrace}. After that,
 * entering throws a {@link LimbeckException}. In Limbeck's own process, entering blocks instead; see {@link
 * #holdThreads}.
 */
public final class ExitGate implements AutoCloseable {
    private static final Duration GRACE =
            Duration.ofMillis((long) (1000 * grace(System.getProperty("limbeck.exitGrace"))));

    /** How long shutdown waits for the threads inside after the gate has closed. */
    private static final Duration LEAVING = Duration.ofSeconds(2);

    /** The same if entering blocks: that process can be halted even if threads do not leave. */
    private static final Duration LEAVING_OWN = Duration.ofMillis(700);

    /** If no thread has been inside for this long, no more are expected. */
    private static final Duration QUIET = Duration.ofMillis(50);

    private static final ExitGate ENTERED = new ExitGate();
    private static final AtomicInteger INSIDE = new AtomicInteger();
    private static final ThreadLocal<int[]> DEPTH = ThreadLocal.withInitial(ExitGate::first);

    private static volatile boolean used;
    private static volatile boolean ending;
    private static volatile boolean closed;
    private static volatile boolean holds;

    static {
        AtExit.prepare();
    }

    private ExitGate() {}

    /** Parse the grace period in seconds; the default is 1 if it is not a non-negative number. */
    private static double grace(String said) {
        try {
            double seconds = said == null ? 1 : Double.parseDouble(said);
            return seconds >= 0 && seconds < 1e6 ? seconds : 1;
        } catch (NumberFormatException e) {
            return 1;
        }
    }

    private static int[] first() {
        used = true;
        return new int[1];
    }

    /** Block threads that enter after shutdown has begun instead of throwing, and skip the grace period. */
    public static void holdThreads() {
        holds = true;
    }

    /**
     * Enter native code. Close the returned object on the same thread.
     *
     * @throws LimbeckException if the process is ending
     */
    public static ExitGate enter() {
        int[] depth = DEPTH.get();
        if (depth[0]++ == 0) INSIDE.incrementAndGet();
        if (closed) refuse(depth);
        return ENTERED;
    }

    /**
     * Enter a runtime with its own shutdown hook, such as ONNX Runtime. There is no grace period.
     *
     * @throws LimbeckException if the process is ending
     */
    public static ExitGate enterUnlessEnding() {
        int[] depth = DEPTH.get();
        if (depth[0]++ == 0) INSIDE.incrementAndGet();
        if (isEnding()) refuse(depth);
        return ENTERED;
    }

    @Override
    public void close() {
        int[] depth = DEPTH.get();
        if (--depth[0] == 0) INSIDE.decrementAndGet();
    }

    /**
     * Throw as {@link #enterUnlessEnding} does if the process is ending: a failure may be a consequence of the
     * shutdown.
     */
    public static void refuseIfEnding() {
        enterUnlessEnding().close();
    }

    private static boolean isEnding() {
        return ending || closed;
    }

    private static void refuse(int[] depth) {
        if (holds) {
            // From here on, this thread stays in Java, at whatever depth it entered.
            INSIDE.decrementAndGet();
            while (true) {
                LockSupport.park();
                Thread.interrupted();
            }
        }
        if (--depth[0] == 0) INSIDE.decrementAndGet();
        throw new LimbeckException("the program is ending; nothing more is computed");
    }

    /** Record that shutdown has begun, before any other shutdown hook runs. */
    static void begin() {
        ending = true;
    }

    /** Close the gate; return whether all threads have left in time. */
    static boolean end() {
        ending = true;
        if (!used) return true;
        if (!holds) await(GRACE, QUIET);
        closed = true;
        return await(holds ? LEAVING_OWN : LEAVING, Duration.ZERO);
    }

    /** Wait until no thread has been inside for the {@code quiet} duration; return false after {@code limit}. */
    private static boolean await(Duration limit, Duration quiet) {
        long begun = System.nanoTime();
        long busy = begun;
        while (true) {
            long now = System.nanoTime();
            if (INSIDE.get() > 0) busy = now;
            else if (now - busy >= quiet.toNanos()) return true;
            if (now - begun >= limit.toNanos()) return false;
            LockSupport.parkNanos(1_000_000);
        }
    }
}
