package dev.limbeck.tensor;

import dev.limbeck.ExitGate;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Tensor;

/**
 * Free, on closing, every tensor that this thread made since opening. One scope a training step keeps native memory
 * flat. What must outlive the scope is handed out with {@link #promote} or {@link #retain}.
 *
 * <p>While a scope is open the process does not end ({@link ExitGate}), so native work belongs into one.
 *
 * <p>Scopes nest, belong to the thread that opened them, and are used in try-with-resources only.
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
     * Let a tensor live beyond every open scope; whoever called this closes it later.
     *
     * @return the same tensor
     */
    public static <P extends Pointer> P retain(P value) {
        value.retainReference();
        return value;
    }

    /**
     * Hand a tensor, a result of this scope's work, to the scope around it; where there is none it lives until it is
     * closed or collected.
     *
     * @return the same tensor, valid after this scope has closed
     */
    public Tensor promote(Tensor tensor) {
        results.add(retain(tensor));
        return tensor;
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
