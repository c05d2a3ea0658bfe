package dev.limbeck;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Clean up when the process ends early, by a signal for example, in one order: first {@link ExitGate} closes, then what is
 * registered here runs, the latest first. Close a registration when its work is done.
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
                    // Hooks run side by side, and this is called before they do.
                    ExitGate.begin();
                    super.start();
                }
            });
        } catch (IllegalStateException e) {
            ExitGate.begin(); // the machine is shutting down already
        }
    }

    private final Consumer<String> log;
    private final Supplier<@Nullable String> cleaning;

    private AtExit(Consumer<String> log, Supplier<@Nullable String> cleaning) {
        this.log = log;
        this.cleaning = cleaning;
    }

    static void prepare() {
        // The static initializer does the work.
    }

    /** Register what is to be done if the process ends before this is closed. */
    public static AtExit run(Runnable cleaning) {
        return tell(line -> {}, () -> {
            cleaning.run();
            return null;
        });
    }

    /** Register what is to be done if the process ends before this is closed; the line it returns, if any, is told. */
    public static AtExit tell(Consumer<String> log, Supplier<@Nullable String> cleaning) {
        AtExit registered = new AtExit(log, cleaning);
        synchronized (REGISTERED) {
            REGISTERED.push(registered);
        }
        return registered;
    }

    /**
     * Close the gate and clean up, once; a program calls this before it ends, a shutdown hook does otherwise.
     *
     * @return whether all native code was left in time, so that the process may end in the ordinary way
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

    /** Return whether whoever cleaned up has said what is left. */
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
                // The others are to be cleaned up all the same, and nobody is left to hear of it.
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
