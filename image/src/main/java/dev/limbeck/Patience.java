package dev.limbeck;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Watch over calls of native code that may never end, such as a model file whose program loops. Such a call cannot be
 * stopped from within the process, so that whoever sets a limit says what to do instead. Without a limit nothing is watched.
 */
public final class Patience {
    private static final long EVERY_MILLIS = 200;

    private static final Map<Wait, Long> WAITS = new ConcurrentHashMap<>();
    private static volatile @Nullable Limit limit;

    private Patience() {}

    private record Limit(long nanos, Consumer<String> whenOver) {}

    /** A call that is waited for; close it when it has ended. */
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
     * Limit how long a call may take, from now on and in the whole process.
     *
     * @param whenOver gets what was waited for, on a thread of its own, once for each call that takes longer
     */
    public static synchronized void limit(Duration longest, Consumer<String> whenOver) {
        boolean first = limit == null;
        limit = new Limit(longest.toNanos(), whenOver);
        if (!first) return;
        Thread watch = new Thread(Patience::watch, "limbeck-patience");
        watch.setDaemon(true);
        watch.start();
    }

    /** Begin to wait, for instance for the answer of a model file. */
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
