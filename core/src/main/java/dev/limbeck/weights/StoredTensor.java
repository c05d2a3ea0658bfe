package dev.limbeck.weights;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Describe a tensor of a PyTorch checkpoint before its bytes are read: elements picked out of a storage. */
record StoredTensor(Storage storage, long offset, long[] shape, long[] strides) implements TensorInfo {

    /**
     * Name what a storage holds.
     *
     * @param bytes of one element
     * @param readable the engine's type, or null for one that is passed over, such as complex64
     */
    record Elements(String name, int bytes, @Nullable DType readable) {
        static Elements of(DType type) {
            return new Elements(type.toString(), type.bytes(), type);
        }
    }

    /** A run of elements in the file, which several tensors may share. */
    record Storage(String key, Elements type, long elements) {
        Storage {
            if (elements < 0 || elements > Long.MAX_VALUE / type.bytes()) {
                throw new IllegalArgumentException("storage '" + key + "' claims " + elements + " elements");
            }
        }

        long bytes() {
            return elements * type.bytes();
        }
    }

    StoredTensor {
        DType type = storage.type.readable();
        if (type == null) throw new IllegalArgumentException("a tensor of " + storage.type.name() + " is not read");
        if (shape.length != strides.length
                || offset < 0
                || Arrays.stream(shape).anyMatch(size -> size < 0)
                || Arrays.stream(strides).anyMatch(stride -> stride < 0)
                || TensorBytes.size(type, shape) < 0) {
            throw new IllegalArgumentException("a tensor of the sizes " + Arrays.toString(shape) + ", the strides "
                    + Arrays.toString(strides) + " and the offset " + offset + " cannot be");
        }
        if (!fits(storage, offset, shape, strides)) {
            throw new IllegalArgumentException("a tensor " + Tensors.shapeText(shape) + " with strides "
                    + Arrays.toString(strides) + " and offset " + offset + " reaches beyond its storage of "
                    + storage.elements + " elements");
        }
    }

    @Override
    public DType type() {
        DType type = storage.type.readable();
        if (type == null) throw new IllegalStateException("checked when it was made");
        return type;
    }

    @Override
    public String typeName() {
        return storage.type.name();
    }

    long bytes() {
        return TensorBytes.size(type(), shape);
    }

    private static boolean fits(Storage storage, long offset, long[] shape, long[] strides) {
        try {
            long last = offset;
            for (int i = 0; i < shape.length; i++) {
                if (shape[i] == 0) return offset <= storage.elements;
                last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
            }
            return last < storage.elements;
        } catch (ArithmeticException e) {
            return false;
        }
    }
}
