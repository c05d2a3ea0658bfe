package dev.limbeck.nn;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Count the hooks of all networks: without hooks, layers may overwrite and close what they made. */
final class LiveHooks {
    private static final AtomicInteger ALL = new AtomicInteger();
    private static final AtomicInteger KEEPING = new AtomicInteger();

    private LiveHooks() {}

    /** Return whether nobody sees intermediate results, so that they may be overwritten in place. */
    static boolean none() {
        return ALL.get() == 0;
    }

    /** Return whether somebody may keep intermediate results until the end of the pass. */
    static boolean mayKeep() {
        return KEEPING.get() > 0;
    }

    /**
     * Add a hook to a module's.
     *
     * @param keeps whether it may keep tensors without retaining them
     */
    static ForwardHook.Registration register(ForwardHook hook, List<ForwardHook> hooks, boolean keeps) {
        hooks.add(hook);
        ALL.incrementAndGet();
        if (keeps) KEEPING.incrementAndGet();
        return new ForwardHook.Registration() {
            private boolean closed;

            @Override
            public void close() {
                if (closed) return;
                closed = true;
                hooks.remove(hook);
                ALL.decrementAndGet();
                if (keeps) KEEPING.decrementAndGet();
            }
        };
    }
}
