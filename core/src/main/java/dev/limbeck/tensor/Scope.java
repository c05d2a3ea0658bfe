package dev.limbeck.tensor;

import dev.limbeck.ExitGate;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Free every tensor that this thread created since the scope was opened. One scope per training step keeps native
 * memory constant. {@link #promote} and {@link #retain} keep a tensor alive beyond the scope.
 *
 * <p>The process does not exit while a scope is open ({@link ExitGate}), so run native work inside one.
 *
 * <p>Scopes nest and belong to the thread that opened them. Use them only in try-with-resources.
 */
public final class Scope implements AutoCloseable {
    static {
        Engine.start();
    }

    private final ExitGate inside;
    private final PointerScope pointers;
    private final List<Tensor> results = new ArrayList<>();

    private Scope() {
        inside = ExitGate.enter();
        pointers = new PointerScope();
    }

    /** Open a scope on this thread. */
    public static Scope open() {
        return new Scope();
    }

    /**
     * Keep a tensor alive beyond every open scope. The caller must close it.
     *
     * @return the same tensor
     */
    public static <P extends Pointer> P retain(P value) {
        value.retainReference();
        return value;
    }

    /**
     * Keep what a tensor shows alive beyond every open scope, also for a member of a tuple or a list, which dies with it. The caller must
     * close the result.
     */
    public static Tensor own(Tensor tensor) {
        return retain(new Tensor(tensor));
    }

    /**
     * Keep a tensor alive in the enclosing scope. Without one, it lives until it is closed or garbage-collected.
     *
     * @return the tensor, valid after this scope was closed; the argument is not
     */
    public Tensor promote(Tensor tensor) {
        Tensor result = own(tensor);
        results.add(result);
        return result;
    }

    @Override
    public void close() {
        try {
            pointers.close();
            PointerScope outer = PointerScope.getInnerScope();
            if (outer == null) return;
            for (Tensor result : results) {
                outer.attach(result);
                result.releaseReference();
            }
        } finally {
            inside.close();
        }
    }
}
