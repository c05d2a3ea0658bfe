package dev.limbeck.tensor;

import org.bytedeco.pytorch.GradMode;

/**
 * Disable gradient recording on this thread until closed. The state is thread-local: use a guard only in
 * try-with-resources, on one thread.
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

    /** Disable gradient recording on this thread. */
    public static NoGrad on() {
        return new NoGrad();
    }

    /** Return whether gradients are not recorded on this thread. */
    public static boolean isOn() {
        return !GradMode.is_enabled();
    }

    @Override
    public void close() {
        if (Thread.currentThread() != owner) {
            throw new IllegalStateException("NoGrad was opened on " + owner.getName() + " and must be closed there");
        }
        GradMode.set_enabled(before);
    }
}
