package dev.limbeck.weights;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Describe a tensor of a TorchScript file: elements picked out of a storage. Compared by identity.
 *
 * @see StoredTensor for those of checkpoints, which become tensors of ours
 */
final class ScriptTensor {
    private static final int MOST_DIMENSIONS = 64;

    /** Bytes of an element by the name of its storage. */
    static final Map<String, Integer> TYPES = types();

    /** A run of elements, which lies in an entry of the archive. */
    record Storage(String type, String key, long elements) {
        long bytes() {
            return elements * TYPES.getOrDefault(type, 1);
        }

        boolean isQuantized() {
            return type.startsWith("Q");
        }
    }

    /** How the scales of a quantized tensor are given. */
    record Scheme(boolean perChannel) {}

    private final Storage storage;
    private final long offset;
    private final long[] shape;
    private final long[] strides;

    /**
     * @throws IllegalArgumentException if it reaches outside its storage
     */
    ScriptTensor(Storage storage, long offset, long[] shape, long[] strides) {
        this.storage = storage;
        this.offset = offset;
        this.shape = shape;
        this.strides = strides;
        if (shape.length != strides.length
                || shape.length > MOST_DIMENSIONS
                || offset < 0
                || Arrays.stream(shape).anyMatch(size -> size < 0)
                || Arrays.stream(strides).anyMatch(stride -> stride < 0)
                || !fits()) {
            throw new IllegalArgumentException("a tensor of the sizes " + Arrays.toString(shape) + ", the strides "
                    + Arrays.toString(strides) + " and the offset " + offset + " reaches outside its storage of "
                    + storage.elements + " elements");
        }
    }

    /** Describe a tensor by what a pickle builds it of: storage, offset, sizes, strides, and scales if it is quantized. */
    static ScriptTensor of(@Nullable Object[] arguments, boolean quantized) {
        int flags = quantized ? 5 : 4;
        if (arguments.length < flags + 2
                || arguments.length > flags + (quantized ? 2 : 3)
                || !(arguments[0] instanceof Storage storage)
                || !(arguments[1] instanceof Long offset)
                || !(arguments[flags] instanceof Boolean)
                || arguments[flags + 1] != null
                || storage.isQuantized() != quantized) {
            throw wrong("has a tensor that is described in a way that is not read");
        }
        if (arguments.length == flags + 3 && !(arguments[flags + 2] instanceof Map<?, ?> bits && bits.isEmpty())) {
            throw wrong(
                    "has a tensor that is conjugated or negated later; save what resolve_conj() or resolve_neg() gives");
        }
        ScriptTensor tensor = new ScriptTensor(storage, offset, longs(arguments[2]), longs(arguments[3]));
        if (quantized) checkScales(tensor, arguments[4]);
        return tensor;
    }

    private static void checkScales(ScriptTensor tensor, @Nullable Object scales) {
        if (!(scales instanceof Object[] parts) || parts.length == 0 || !(parts[0] instanceof Scheme scheme)) {
            throw wrong("has a quantized tensor without its scale");
        }
        if (!scheme.perChannel) {
            if (parts.length == 3 && parts[1] instanceof Double && parts[2] instanceof Long) return;
            throw wrong("has a quantized tensor without its scale");
        }
        if (parts.length != 4
                || !(parts[1] instanceof ScriptTensor scale)
                || !(parts[2] instanceof ScriptTensor zero)
                || !(parts[3] instanceof Long axis)
                || axis < 0
                || axis >= tensor.shape().length
                || scale.shape().length != 1
                || zero.shape().length != 1
                || scale.storage().isQuantized()
                || zero.storage().isQuantized()
                || scale.shape()[0] != tensor.shape()[axis.intValue()]
                || zero.shape()[0] != tensor.shape()[axis.intValue()]) {
            throw wrong("has a quantized tensor whose scales do not fit it");
        }
    }

    private static long[] longs(@Nullable Object value) {
        if (!(value instanceof Object[] items)) throw wrong("has a tensor without sizes");
        long[] longs = new long[items.length];
        for (int i = 0; i < items.length; i++) {
            if (!(items[i] instanceof Long number)) throw wrong("has a tensor whose sizes are not whole numbers");
            longs[i] = number;
        }
        return longs;
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what);
    }

    private static Map<String, Integer> types() {
        Map<String, Integer> types = new HashMap<>();
        for (String one : List.of("Byte", "Char", "Bool", "QInt8", "QUInt8")) types.put(one, 1);
        for (String two : List.of("Short", "Half", "BFloat16", "UInt16")) types.put(two, 2);
        for (String four : List.of("Int", "Float", "ComplexHalf", "QInt32", "UInt32")) types.put(four, 4);
        for (String eight : List.of("Long", "Double", "ComplexFloat", "UInt64")) types.put(eight, 8);
        types.put("ComplexDouble", 16);
        return Map.copyOf(types);
    }

    private boolean fits() {
        try {
            long last = offset;
            long count = 1;
            boolean empty = false;
            for (int i = 0; i < shape.length; i++) {
                if (shape[i] == 0) empty = true;
                else {
                    count = Math.multiplyExact(count, shape[i]);
                    last = Math.addExact(last, Math.multiplyExact(shape[i] - 1, strides[i]));
                }
            }
            Math.multiplyExact(count, 16);
            return empty ? offset <= storage.elements : last < storage.elements;
        } catch (ArithmeticException e) {
            return false;
        }
    }

    Storage storage() {
        return storage;
    }

    long offset() {
        return offset;
    }

    long[] shape() {
        return shape;
    }

    long[] strides() {
        return strides;
    }

    long count() {
        return Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    }

    long bytes() {
        return count() * TYPES.getOrDefault(storage.type, 1);
    }
}
