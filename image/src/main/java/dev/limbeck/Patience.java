package dev.limbeck;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watch native calls that may never return, such as a model file with an infinite loop. Such a call cannot be stopped
 * from within the process, so the code that sets the limit decides what to do. Without a limit, nothing is watched.
 */
public final class Patience {
    private static final long EVERY_MILLIS = 200;

    private static final Map<Wait, Long> WAITS = new ConcurrentHashMap<>();
    private static volatile @Nullable Limit limit;

    private Patience() {}

    private record Limit(long nanos, Consumer<String> whenOver) {}

    /** Hold a running call; close it when the call returns. */
    public static final class Wait implements AutoCloseable {
        private final String what;

        private Wait(String what) {
            this.what = what;
        }

        @Override
        public void close() {
            WAITS.remove(this);
        }
    }

    /**
     * Limit the duration of each call, from now on and in the whole process.
     *
     * @param whenOver receives the description of each call that exceeds the limit, once per call, on a separate thread
     */
    public static synchronized void limit(Duration longest, Consumer<String> whenOver) {
        boolean first = limit == null;
        limit = new Limit(longest.toNanos(), whenOver);
        if (!first) return;
        Thread watch = new Thread(Patience::watch, "limbeck-patience");
        watch.setDaemon(true);
        watch.start();
    }

    /** Return the limit of each call; null if there is none. */
    public static @Nullable Duration longest() {
        Limit now = limit;
        return now == null ? null : Duration.ofNanos(now.nanos);
    }

    /** Start to watch a call, such as the forward pass of a model file. */
    public static Wait on(String what) {
        Wait wait = new Wait(what);
        if (limit != null) WAITS.put(wait, System.nanoTime());
        return wait;
    }

    private static void watch() {
        while (true) {
            Limit now = limit;
            if (now != null) {
                WAITS.forEach((wait, begun) -> {
                    if (System.nanoTime() - begun > now.nanos && WAITS.remove(wait) != null)
                        now.whenOver.accept(wait.what);
                });
            }
            try {
                Thread.sleep(EVERY_MILLIS);
            } catch (InterruptedException e) {
                return;
            }
        }
    }
}
