package dev.limbeck.tensor;

import org.bytedeco.pytorch.GradMode;

/**
 * Switch gradient recording off on this thread until closed. The state belongs to the thread, so a guard is used in
 * try-with-resources only and never crosses threads.
 */
public final class NoGrad implements AutoCloseable {
    static {
        Engine.start();
    }

    private final Thread owner = Thread.currentThread();
    private final boolean before = GradMode.is_enabled();

    private NoGrad() {
        GradMode.set_enabled(false);
    }

    /** Stop recording gradients on this thread. */
    public static NoGrad on() {
        return new NoGrad();
    }

    @Override
    public void close() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("NoGrad was opened on " + owner.getName() + " and must be closed there");
        }
        GradMode.set_enabled(before);
    }
}
