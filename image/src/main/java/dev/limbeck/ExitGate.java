package dev.limbeck;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Keep the end of the process away from native code and from files that are half written. When a JVM ends, it runs the
 * destructors of native libraries while other threads may compute in them, which crashes or hangs. So whoever computes enters
 * here, and the end waits until all have left. A thread may enter again while it is inside.
 *
 * <p>In a process of somebody else's, such as a server, work goes on during the first second of the shutdown, so that
 * requests under way are answered; as many seconds as the system property {@code limbeck.exitGrace} says, 1 unless set. From then on
 * whoever enters gets a {@link LimbeckException}. In a process of Limbeck's own, see {@link #holdThreads}, threads are held.
 */
public final class ExitGate implements AutoCloseable {
    private static final Duration GRACE =
            Duration.ofMillis((long) (1000 * grace(System.getProperty("limbeck.exitGrace"))));

    /** How long the end waits for those that are inside once nobody else may enter. */
    private static final Duration LEAVING = Duration.ofSeconds(2);

    /** The same where threads are held, and the process can be ended otherwise if they do not leave. */
    private static final Duration LEAVING_OWN = Duration.ofMillis(700);

    /** Nobody is inside for so long: nobody is about to come back either. */
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

    /** Return the seconds that a property says; what is not a number from 0 on is 1. */
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

    /** Let threads wait for the end once it has begun, in place of an exception, and begin it without grace. */
    public static void holdThreads() {
        holds = true;
    }

    /**
     * Enter native code; close what is returned, on the same thread.
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
     * Enter a runtime that its own shutdown hook takes down, as ONNX Runtime's does: there is no grace.
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

    /** Refuse as {@link #enterUnlessEnding} does: what failed may have failed because of the end. */
    public static void refuseIfEnding() {
        enterUnlessEnding().close();
    }

    private static boolean isEnding() {
        return ending || closed;
    }

    private static void refuse(int[] depth) {
        if (holds) {
            // It is in Java from here on, however deep inside it was.
            INSIDE.decrementAndGet();
            while (true) {
                LockSupport.park();
                Thread.interrupted();
            }
        }
        if (--depth[0] == 0) INSIDE.decrementAndGet();
        throw new LimbeckException("the program is ending; nothing more is computed");
    }

    /** Note that the end has begun, before any other shutdown hook runs. */
    static void begin() {
        ending = true;
    }

    /** Let nobody in any more, and return whether all have left in time. */
    static boolean end() {
        ending = true;
        if (!used) return true;
        if (!holds) await(GRACE, QUIET);
        closed = true;
        return await(holds ? LEAVING_OWN : LEAVING, Duration.ZERO);
    }

    /** Wait until nobody has been inside for a while; returns whether that was so in time. */
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
