package dev.limbeck.weights;

import dev.limbeck.tensor.DType;
import dev.limbeck.weights.StoredTensor.Storage;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * List the classes and functions that a checkpoint may name, and what each becomes here: descriptions of tensors, maps,
 * or an object of no meaning. None of them runs anything of Python's.
 */
final class TorchGlobals {
    /** Stand for a value that a state dict does not need, such as a device or an optimizer's options. */
    private static final Object IGNORED = new Object();

    private static final Map<String, Global> KNOWN = known();

    private TorchGlobals() {}

    /** A class or function of Python's that may be named. */
    interface Global {
        /** Build what Python would build from the arguments, as far as tensors need it. */
        Object call(@Nullable Object[] arguments);
    }

    /** The type of a storage, which is named but never called. */
    record StorageType(DType type) implements Global {
        @Override
        public Object call(@Nullable Object[] arguments) {
            throw new IllegalArgumentException("damaged pickle: a storage of " + type + " is made without its id");
        }
    }

    /** A storage, or the part of it that begins at an offset. */
    record StoragePart(Storage storage, long offset) {}

    static @Nullable Global find(String qualifiedName) {
        return KNOWN.get(qualifiedName);
    }

    /** Make a map in order from keys and values in turn. */
    static Map<Object, Object> map(List<Object> keysAndValues) {
        if (keysAndValues.size() % 2 != 0) throw new IllegalArgumentException("damaged pickle: a key without a value");
        Map<Object, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.size(); i += 2) {
            Object key = keysAndValues.get(i);
            // As in Python; besides, the hash of a list that holds itself never ends.
            if (key instanceof Collection || key instanceof Map) {
                throw new IllegalArgumentException("damaged pickle: a list or map is the key of a map");
            }
            map.put(key, keysAndValues.get(i + 1));
        }
        return map;
    }

    static long integer(@Nullable Object value) {
        if (value instanceof Integer || value instanceof Long) return ((Number) value).longValue();
        throw new IllegalArgumentException("damaged pickle: a size or offset is no 64-bit integer");
    }

    private static Map<String, Global> known() {
        Map<String, Global> known = new HashMap<>();
        known.put("collections.OrderedDict", TorchGlobals::orderedDict);
        known.put("torch._utils._rebuild_tensor", TorchGlobals::tensor);
        known.put("torch._utils._rebuild_tensor_v2", TorchGlobals::tensor);
        known.put("torch._utils._rebuild_parameter", TorchGlobals::parameter);
        known.put("torch._utils._rebuild_parameter_with_state", TorchGlobals::parameter);
        known.put("torch.nn.parameter.Parameter", TorchGlobals::parameter);
        known.put("torch._tensor._rebuild_from_type_v2", TorchGlobals::withAttributes);
        Map.of(
                        "Float", DType.FLOAT32,
                        "Double", DType.FLOAT64,
                        "Half", DType.FLOAT16,
                        "BFloat16", DType.BFLOAT16,
                        "Long", DType.INT64,
                        "Int", DType.INT32,
                        "Short", DType.INT16,
                        "Char", DType.INT8,
                        "Byte", DType.UINT8,
                        "Bool", DType.BOOL)
                .forEach((name, type) -> known.put("torch." + name + "Storage", new StorageType(type)));
        // Values beside the tensors: options of a run, a best accuracy from NumPy. They are read over.
        for (String ignored : List.of(
                "torch.Tensor",
                "torch.Size",
                "torch.device",
                "torch.float32",
                "torch.float64",
                "torch.float16",
                "torch.bfloat16",
                "torch.int64",
                "torch.int32",
                "torch.int16",
                "torch.int8",
                "torch.uint8",
                "torch.bool",
                "builtins.set",
                "__builtin__.set",
                "argparse.Namespace",
                "numpy.dtype",
                "numpy.core.multiarray.scalar",
                "numpy._core.multiarray.scalar",
                "_codecs.encode")) {
            known.put(ignored, arguments -> IGNORED);
        }
        return Map.copyOf(known);
    }

    private static Object orderedDict(@Nullable Object[] arguments) {
        if (arguments.length == 0) return map(List.of());
        // Python 2 hands the items over as one list of pairs.
        Object[] pairs = sequence(arguments[0]);
        Object[] flat = Arrays.stream(pairs)
                .flatMap(pair -> {
                    Object[] both = sequence(pair);
                    if (both.length != 2) throw new IllegalArgumentException("damaged pickle: a pair is none");
                    return Arrays.stream(both);
                })
                .toArray();
        return map(Arrays.asList(flat));
    }

    /** Build from (storage, offset, size, stride, …); what follows concerns gradients. */
    private static Object tensor(@Nullable Object[] arguments) {
        if (arguments.length < 4 || !(arguments[0] instanceof StoragePart part)) {
            throw new IllegalArgumentException("damaged pickle: a tensor without a storage");
        }
        long offset = Math.addExact(part.offset, integer(arguments[1]));
        return new StoredTensor(part.storage, offset, integers(arguments[2]), integers(arguments[3]));
    }

    private static Object parameter(@Nullable Object[] arguments) {
        if (arguments.length > 0 && arguments[0] instanceof StoredTensor tensor) return tensor;
        throw new IllegalArgumentException("damaged pickle: a parameter without a tensor");
    }

    /** Build from (function, type, arguments, attributes) by one of the functions above, without the attributes. */
    private static Object withAttributes(@Nullable Object[] arguments) {
        if (arguments.length >= 3
                && arguments[0] instanceof Global function
                && function != KNOWN.get("torch._tensor._rebuild_from_type_v2")
                && arguments[2] instanceof Object[] own) {
            return function.call(own);
        }
        throw new IllegalArgumentException("damaged pickle: a tensor with attributes lacks its parts");
    }

    private static long[] integers(@Nullable Object value) {
        return Arrays.stream(sequence(value)).mapToLong(TorchGlobals::integer).toArray();
    }

    private static Object[] sequence(@Nullable Object value) {
        if (value instanceof Object[] tuple) return tuple;
        if (value instanceof List<?> list) return list.toArray();
        throw new IllegalArgumentException("damaged pickle: expected a tuple or list");
    }
}
