package dev.limbeck.weights;

import dev.limbeck.tensor.DType;
import org.jspecify.annotations.Nullable;

/** Describe a tensor of a file before its bytes are read. */
interface TensorInfo {
    long[] shape();

    /** Return the element type, or null if tensors of it cannot be read. */
    @Nullable
    DType type();

    /** Return what the file calls the element type or the layout, such as {@code float8_e4m3fn} or {@code sparse}. */
    String typeName();

    /** Return the number of elements. */
    default long count() {
        long count = 1;
        for (long size : shape()) count *= size;
        return count;
    }

    /** A tensor that can be beside the weights but not one of them: of another element type or layout. */
    record Unreadable(String typeName, long[] shape) implements TensorInfo {
        @Override
        public @Nullable DType type() {
            return null;
        }
    }
}
