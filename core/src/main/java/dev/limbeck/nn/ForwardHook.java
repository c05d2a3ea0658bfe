package dev.limbeck.nn;

import dev.limbeck.tensor.Inputs;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Watch or replace what a module computes. */
@FunctionalInterface
public interface ForwardHook {
    /**
     * Handle one forward pass of {@code module}; runs on the thread and inside the scope of that pass.
     *
     * @return null to leave the output as it is, or the tensor to go on with in its place
     */
    @Nullable
    Tensor afterForward(Module module, Inputs inputs, Tensor output);

    /** Stand for a registered hook; closing it removes the hook, closing it again does nothing. */
    interface Registration extends AutoCloseable {
        @Override
        void close();
    }
}
