package dev.limbeck.weights;

import dev.limbeck.tensor.DType;
import dev.limbeck.tensor.Tensors;
import java.util.Arrays;

/** Describe a tensor of a PyTorch checkpoint before its bytes are read: elements picked out of a storage. */
record StoredTensor(Storage storage, long offset, long[] shape, long[] strides) {

    /** A run of elements in the file, which several tensors may share. */
    record Storage(String key, DType type, long elements) {
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
        if (shape.length != strides.length
                || offset < 0
                || Arrays.stream(shape).anyMatch(size -> size < 0)
                || Arrays.stream(strides).anyMatch(stride -> stride < 0)
                || TensorBytes.size(storage.type, shape) < 0) {
            throw new IllegalArgumentException("a tensor of the sizes " + Arrays.toString(shape) + ", the strides "
                    + Arrays.toString(strides) + " and the offset " + offset + " cannot be");
        }
        if (!fits(storage, offset, shape, strides)) {
            throw new IllegalArgumentException("a tensor " + Tensors.shapeText(shape) + " with strides "
                    + Arrays.toString(strides) + " and offset " + offset + " reaches beyond its storage of "
                    + storage.elements + " elements");
        }
    }

    long bytes() {
        return TensorBytes.size(storage.type, shape);
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
