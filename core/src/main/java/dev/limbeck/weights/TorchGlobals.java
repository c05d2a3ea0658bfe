package dev.limbeck.weights;

import dev.limbeck.tensor.DType;
import dev.limbeck.weights.StoredTensor.Elements;
import dev.limbeck.weights.StoredTensor.Storage;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * List the classes and functions that a checkpoint may name, and what each becomes here: descriptions of tensors, maps,
 * or an object of no meaning ({@link AllowedClasses}). None of them runs anything of Python's.
 */
final class TorchGlobals {
    private static final String WITH_ATTRIBUTES = "torch._tensor._rebuild_from_type_v2";

    /** Where the element type stands among the arguments of {@code _rebuild_tensor_v3}. */
    private static final int METADATA_OF_TENSOR = 6;

    private static final int TYPE_OF_UNTYPED = 6;

    /** As in PyTorch. */
    private static final int MOST_DIMENSIONS = 64;

    private static final Map<String, Global> KNOWN = known();

    private TorchGlobals() {}

    /** A class or function of Python's that may be named. */
    interface Global {
        /** Build what Python would build from the arguments, as far as tensors need it. */
        Object call(@Nullable Object[] arguments);
    }

    /** The type of a storage, which is named but never called. */
    record StorageType(Elements type) implements Global {
        @Override
        public Object call(@Nullable Object[] arguments) {
            throw new IllegalArgumentException(
                    "damaged pickle: a storage of " + type.name() + " is made without its id");
        }
    }

    /** Stand for a value that a state dict does not need; each is another, so that it may be the key of a map. */
    static final class Opaque {}

    /** Stand for a NumPy array, whose numbers are not read. */
    static final class Array {}

    /** A class whose values are passed over. */
    private record Harmless(String name) implements Global {
        @Override
        public Object call(@Nullable Object[] arguments) {
            return new Opaque();
        }
    }

    /** A storage, or the part of it that begins at an offset. */
    record StoragePart(Storage storage, long offset) {}

    static @Nullable Global find(String qualifiedName) {
        return KNOWN.get(qualifiedName);
    }

    /** Make a map in order from keys and values in turn. */
    static Map<Object, Object> map(List<Object> keysAndValues) {
        Map<Object, Object> map = new LinkedHashMap<>();
        StrictUnpickler.put(map, keysAndValues);
        return map;
    }

    static long integer(@Nullable Object value) {
        if (value instanceof Integer || value instanceof Long) return ((Number) value).longValue();
        throw new IllegalArgumentException("damaged pickle: a size or offset is not a 64-bit integer");
    }

    private static Map<String, Global> known() {
        Map<String, Global> known = new HashMap<>();
        AllowedClasses.values().forEach(name -> known.put(name, new Harmless(name)));
        for (String core : List.of("numpy.core.", "numpy._core.")) {
            known.put(core + "multiarray._reconstruct", arguments -> new Array());
            known.put(core + "numeric._frombuffer", arguments -> new Array());
        }
        AllowedClasses.MAPS.forEach(name -> known.put(name, TorchGlobals::mapOf));
        known.put("torch._utils._rebuild_tensor", TorchGlobals::tensor);
        known.put("torch._utils._rebuild_tensor_v2", TorchGlobals::tensor);
        known.put("torch._utils._rebuild_tensor_v3", TorchGlobals::untyped);
        known.put("torch._utils._rebuild_parameter", TorchGlobals::parameter);
        known.put("torch._utils._rebuild_parameter_with_state", TorchGlobals::parameter);
        known.put("torch.nn.parameter.Parameter", TorchGlobals::parameter);
        known.put("torch._utils._rebuild_device_tensor_from_cpu_tensor", TorchGlobals::parameter);
        known.put(WITH_ATTRIBUTES, TorchGlobals::withAttributes);
        known.put("torch._utils._rebuild_qtensor", TorchGlobals::quantized);
        Map.of(
                        "_rebuild_sparse_tensor", "sparse",
                        "_rebuild_sparse_csr_tensor", "sparse",
                        "_rebuild_nested_tensor", "nested",
                        "_rebuild_meta_tensor_no_storage", "a tensor without values",
                        "_rebuild_device_tensor_from_numpy", "on a device that is not here",
                        "_rebuild_wrapper_subclass", "of a class of its own")
                .forEach((name, kind) -> known.put("torch._utils." + name, arguments -> unreadable(kind)));
        storages().forEach((name, type) -> {
            known.put("torch." + name + "Storage", new StorageType(type));
            known.put("torch.cuda." + name + "Storage", new StorageType(type));
        });
        known.put("torch.storage.UntypedStorage", new StorageType(new Elements("untyped bytes", 1, null)));
        known.put("torch.storage.TypedStorage", new Harmless("torch.storage.TypedStorage"));
        return Map.copyOf(known);
    }

    private static Map<String, Elements> storages() {
        Map<String, Elements> storages = new HashMap<>();
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
                .forEach((name, type) -> storages.put(name, Elements.of(type)));
        storages.put("ComplexDouble", new Elements("complex128", 16, null));
        storages.put("ComplexFloat", new Elements("complex64", 8, null));
        storages.put("QInt32", new Elements("qint32", 4, null));
        for (String narrow : List.of("QInt8", "QUInt8", "QUInt4x2", "QUInt2x4")) {
            storages.put(narrow, new Elements(narrow.toLowerCase(Locale.ROOT), 1, null));
        }
        return storages;
    }

    /** Keep the entries that a map is made of; what else it is made of, such as a default's factory, is passed over. */
    private static Object mapOf(@Nullable Object[] arguments) {
        // Not copied: a hostile file asks for a thousand copies of one map.
        if (arguments.length == 1 && arguments[0] instanceof Map<?, ?> only) return only;
        Map<Object, Object> made = map(List.of());
        for (Object argument : arguments) {
            if (argument instanceof Map<?, ?> entries) {
                made.putAll(entries);
            } else if (argument instanceof List<?> || argument instanceof Object[]) {
                made.putAll(pairs(argument));
            }
        }
        return made;
    }

    /** Python 2 hands the items of a map over as one list of pairs. */
    private static Map<Object, Object> pairs(Object argument) {
        Object[] flat = Arrays.stream(sequence(argument))
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
        StoragePart part = part(arguments);
        if (part.storage.type().readable() == null)
            return described(part.storage.type().name(), arguments);
        // Its numbers are not those of the storage: PyTorch would negate or conjugate them when it reads them.
        if (isLazy(arguments))
            return described("negated or conjugated when it is read (.resolve_neg(), .resolve_conj())", arguments);
        long offset = Math.addExact(part.offset, integer(arguments[1]));
        return new StoredTensor(part.storage, offset, integers(arguments[2]), integers(arguments[3]));
    }

    private static boolean isLazy(@Nullable Object[] arguments) {
        return arguments.length > METADATA_OF_TENSOR
                && arguments[METADATA_OF_TENSOR] instanceof Map<?, ?> metadata
                && (Boolean.TRUE.equals(metadata.get("neg")) || Boolean.TRUE.equals(metadata.get("conj")));
    }

    /** Types that came after the typed storages: the type is an argument, the storage is of bytes. */
    private static Object untyped(@Nullable Object[] arguments) {
        part(arguments);
        boolean named = arguments.length > TYPE_OF_UNTYPED && arguments[TYPE_OF_UNTYPED] instanceof Harmless;
        String type = named ? ((Harmless) arguments[TYPE_OF_UNTYPED]).name() : "an unknown type";
        return described(type.substring(type.lastIndexOf('.') + 1), arguments);
    }

    private static Object quantized(@Nullable Object[] arguments) {
        return described(part(arguments).storage.type().name(), arguments);
    }

    private static StoragePart part(@Nullable Object[] arguments) {
        if (arguments.length >= 4 && arguments[0] instanceof StoragePart part) return part;
        throw new IllegalArgumentException("damaged pickle: a tensor without a storage");
    }

    private static Object described(String type, @Nullable Object[] arguments) {
        return new TensorInfo.Unreadable(type, integers(arguments[2]));
    }

    private static Object unreadable(String kind) {
        return new TensorInfo.Unreadable(kind, new long[0]);
    }

    private static Object parameter(@Nullable Object[] arguments) {
        if (arguments.length > 0 && arguments[0] instanceof TensorInfo tensor) return tensor;
        throw new IllegalArgumentException("damaged pickle: a parameter without a tensor");
    }

    /** Build from (function, type, arguments, attributes) by one of the functions above, without the attributes. */
    private static Object withAttributes(@Nullable Object[] arguments) {
        if (arguments.length >= 3
                && arguments[0] instanceof Global function
                && function != KNOWN.get(WITH_ATTRIBUTES)
                && arguments[2] instanceof Object[] own) {
            return function.call(own);
        }
        throw new IllegalArgumentException("damaged pickle: a tensor with attributes lacks its parts");
    }

    private static long[] integers(@Nullable Object value) {
        if (sequence(value).length > MOST_DIMENSIONS) {
            throw new IllegalArgumentException("a tensor of more than " + MOST_DIMENSIONS + " dimensions");
        }
        return Arrays.stream(sequence(value)).mapToLong(TorchGlobals::integer).toArray();
    }

    private static Object[] sequence(@Nullable Object value) {
        if (value instanceof Object[] tuple) return tuple;
        if (value instanceof List<?> list) return list.toArray();
        throw new IllegalArgumentException("damaged pickle: expected a tuple or list");
    }
}
