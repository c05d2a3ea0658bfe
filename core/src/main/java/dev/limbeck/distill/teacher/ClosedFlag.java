package dev.limbeck.distill.teacher;

import dev.limbeck.LimbeckException;
import java.util.concurrent.atomic.AtomicBoolean;

/** Remember whether something was closed, and say so to whoever uses it all the same: native memory is gone by then. */
public final class ClosedFlag {
    private final String what;
    private final AtomicBoolean closed = new AtomicBoolean();

    /** Name it, such as {@code teacher resnet.onnx}. */
    public ClosedFlag(String what) {
        this.what = what;
    }

    /**
     * Go on only while it is open.
     *
     * @throws LimbeckException if it is closed
     */
    public void check() {
        if (closed.get()) throw new LimbeckException(what + " is closed; open it again, or close it later");
    }

    /** Close it; returns whether it was open. */
    public boolean close() {
        return closed.compareAndSet(false, true);
    }
}
