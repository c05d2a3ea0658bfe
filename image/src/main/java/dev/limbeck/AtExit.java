package dev.limbeck;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Run cleanup actions when the process ends early, for example by a signal. First {@link ExitGate} closes, then the
 * registered actions run, the latest first. Close a registration when its work is done.
 */
public final class AtExit implements AutoCloseable {
    private static final Deque<AtExit> REGISTERED = new ArrayDeque<>();
    private static @Nullable Boolean left;
    private static volatile boolean hasTold;

    static {
        try {
            Runtime.getRuntime().addShutdownHook(new Thread(AtExit::end, "limbeck-exit") {
                @Override
                public synchronized void start() {
                    // Shutdown hooks run concurrently; start() is called before any of them runs.
                    ExitGate.begin();
                    super.start();
                }
            });
        } catch (IllegalStateException e) {
            ExitGate.begin(); // the JVM is already shutting down
        }
    }

    private final Consumer<String> log;
    private final Supplier<@Nullable String> cleaning;

    private AtExit(Consumer<String> log, Supplier<@Nullable String> cleaning) {
        this.log = log;
        this.cleaning = cleaning;
    }

    static void prepare() {
        // Calling this method runs the static initializer.
    }

    /** Register an action to run if the process ends before the registration is closed. */
    public static AtExit run(Runnable cleaning) {
        return logging(line -> {}, () -> {
            cleaning.run();
            return null;
        });
    }

    /**
     * Register an action to run if the process ends before the registration is closed. The line it returns, if any, is
     * logged.
     */
    public static AtExit logging(Consumer<String> log, Supplier<@Nullable String> cleaning) {
        AtExit registered = new AtExit(log, cleaning);
        synchronized (REGISTERED) {
            REGISTERED.push(registered);
        }
        return registered;
    }

    /**
     * Close the gate and run the cleanup actions, once. A program calls this before it ends; otherwise a shutdown hook
     * does.
     *
     * @return whether all threads left native code in time, so that the process may end normally
     */
    public static boolean end() {
        synchronized (AtExit.class) {
            if (left == null) {
                left = ExitGate.end();
                cleanUp();
            }
            return left;
        }
    }

    /** Return whether a cleanup action has logged a line. */
    public static boolean hasTold() {
        return hasTold;
    }

    private static void cleanUp() {
        while (true) {
            AtExit next;
            synchronized (REGISTERED) {
                next = REGISTERED.poll();
            }
            if (next == null) return;
            try {
                String line = next.cleaning.get();
                if (line != null) {
                    hasTold = true;
                    next.log.accept(line);
                }
            } catch (RuntimeException e) {
                // The other actions must run all the same, and there is no caller left to report to.
                continue;
            }
        }
    }

    @Override
    public void close() {
        synchronized (REGISTERED) {
            REGISTERED.remove(this);
        }
    }
}
