package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Track whether a resource was closed, and throw on later use: its native memory is freed by then. */
public final class ClosedFlag {
    private final String what;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Create a flag for a named resource, such as {@code teacher resnet.onnx}. */
    public ClosedFlag(String what) {
        this.what = what;
    }

    /**
     * Check that the resource is open.
     *
     * @throws LimbeckException if it is closed
     */
    public void check() {
        if (closed.get()) throw new LimbeckException(what + " is closed; open it again, or close it later");
    }

    /** Mark the resource as closed. Return whether it was open. */
    public boolean close() {
        return closed.compareAndSet(false, true);
    }
}
