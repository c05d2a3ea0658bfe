package dev.limbeck.nn;

import dev.limbeck.tensor.Inputs;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Observe or replace the output of a module. */
@FunctionalInterface
public interface ForwardHook {
    /**
     * Handle one forward pass of {@code module}. Called on its thread and in its scope: what it keeps lives as long as the scope around the
     * whole pass, in training until the backward pass.
     *
     * @return null to keep the output, or a replacement
     */
    @Nullable
    Tensor afterForward(Module module, Inputs inputs, Tensor output);

    /** Hold a registered hook. Closing it removes the hook; closing it again has no effect. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
