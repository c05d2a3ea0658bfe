package dev.limbeck.weights;

import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.ScriptTensor.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Read a pickle of a TorchScript file as LibTorch does, which knows few of Python's opcodes and means something else by some:
 * a class is put on the stack as what builds its objects, and BUILD and REDUCE both call it. Nothing is run. What LibTorch
 * would read without a look at it, such as an odd number of keys and values, is refused.
 *
 * <p>Gives null, Boolean, Long, Double, String, {@link Complex}, {@link Place}, Object[] for a tuple, List, Map,
 * {@link ScriptTensor}, {@link Built}.
 */
final class ScriptPickle {
    private static final int MOST_VALUES = 3_000_000;

    /** An object of a class, or a value of an enum, before the class is looked at. */
    record Built(String className, @Nullable Object state) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(this);
        }
    }

    /** A complex number. */
    record Complex(double real, double imaginary) {}

    /** A device. */
    record Place(String name) {}

    /** Hold a container with its declared element type. */
    record Tagged(Object container, ScriptType type) {}

    private enum Stand {
        MARK
    }

    private record Global(String name) {}

    private record StorageType(String name) {}

    private final ByteBuffer in;
    private final List<@Nullable Object> stack = new ArrayList<>();
    private final List<@Nullable Object> memo = new ArrayList<>();
    private final List<Tagged> tagged = new ArrayList<>();
    private final List<Storage> read = new ArrayList<>();
    private final List<ScriptTensor> tensors = new ArrayList<>();
    private final Map<String, ScriptType> types = new HashMap<>();
    private int values;

    private ScriptPickle(byte[] bytes) {
        in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /**
     * What a pickle holds.
     *
     * @param storages those that are read, as often as they are
     * @param tagged containers with a declared element type
     */
    record Content(@Nullable Object root, List<Storage> storages, List<ScriptTensor> tensors, List<Tagged> tagged) {}

    /**
     * Read a whole pickle.
     *
     * @throws IllegalArgumentException in one line, if it is damaged or asks for what no network has
     */
    static Content read(byte[] bytes) {
        ScriptPickle pickle = new ScriptPickle(bytes);
        try {
            Object root = pickle.run();
            return new Content(root, pickle.read, pickle.tensors, pickle.tagged);
        } catch (java.nio.BufferUnderflowException e) {
            throw new IllegalArgumentException("is cut off", e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(e.getMessage() + " (byte " + pickle.in.position() + ")", e);
        }
    }

    private @Nullable Object run() {
        if (in.get() != (byte) 0x80 || in.get() != 2) throw wrong("is not a pickle of protocol 2");
        while (true) {
            int opcode = Byte.toUnsignedInt(in.get());
            if (opcode == '.') break;
            step(opcode);
        }
        if (stack.size() != 1 || in.hasRemaining()) throw wrong("does not end with one value");
        return value(stack.get(0));
    }

    private void step(int opcode) {
        switch (opcode) {
            case ']' -> push(new ArrayList<>());
            case ')' -> push(new Object[0]);
            case '}' -> push(new LinkedHashMap<>());
            case '(' -> push(Stand.MARK);
            case 'N' -> push(null);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'K' -> push((long) Byte.toUnsignedInt(in.get()));
            case 'M' -> push((long) Short.toUnsignedInt(in.getShort()));
            case 'J' -> push((long) in.getInt());
            case 0x8a -> {
                if (in.get() != 8) throw wrong("has a long of other than 8 bytes");
                push(in.getLong());
            }
            case 'X' -> push(text(in.getInt()));
            case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.getLong())));
            case 't' -> push(marked().toArray());
            case 0x85 -> push(new Object[] {pop()});
            case 0x86 -> {
                Object second = pop();
                push(new Object[] {pop(), second});
            }
            case 0x87 -> {
                Object third = pop();
                Object second = pop();
                push(new Object[] {pop(), second, third});
            }
            case 'l' -> push(new ArrayList<>(marked()));
            case 'e' -> {
                List<@Nullable Object> items = marked();
                list(top()).addAll(items);
            }
            case 'a' -> {
                Object item = pop();
                list(top()).add(item);
            }
            case 'd' -> {
                Map<Object, @Nullable Object> map = new LinkedHashMap<>();
                putAll(map, marked());
                push(map);
            }
            case 'u' -> {
                List<@Nullable Object> items = marked();
                putAll(map(top()), items);
            }
            case 's' -> {
                Object item = pop();
                Object key = pop();
                List<@Nullable Object> pair = new ArrayList<>();
                pair.add(key);
                pair.add(item);
                putAll(map(top()), pair);
            }
            case 'q' -> put(Byte.toUnsignedLong(in.get()));
            case 'r' -> put(Integer.toUnsignedLong(in.getInt()));
            case 'h' -> get(Byte.toUnsignedLong(in.get()));
            case 'j' -> get(Integer.toUnsignedLong(in.getInt()));
            case 'c' -> {
                String module = line();
                push(global(module, line()));
            }
            case 0x81 -> {
                if (!(popAny() instanceof Object[] none) || none.length != 0 || !(top() instanceof Global)) {
                    throw wrong("makes an object in a way that is not read");
                }
            }
            case 'b', 'R' -> {
                Object argument = pop();
                if (!(popAny() instanceof Global callee)) throw wrong("calls what is not a class");
                push(call(callee.name, argument, opcode == 'b'));
            }
            case 'Q' -> push(storage(pop()));
            default -> throw wrong("has the opcode " + opcode + ", which LibTorch does not read");
        }
    }

    private void push(@Nullable Object value) {
        if (++values > MOST_VALUES) throw wrong("has more than " + MOST_VALUES + " values");
        stack.add(value);
    }

    private @Nullable Object popAny() {
        if (stack.isEmpty() || stack.get(stack.size() - 1) == Stand.MARK) throw wrong("takes more values than it has");
        return stack.remove(stack.size() - 1);
    }

    /** Take what may be part of another value. */
    private @Nullable Object pop() {
        return value(popAny());
    }

    private @Nullable Object value(@Nullable Object found) {
        if (found instanceof Global || found == Stand.MARK) throw wrong("has a class where a value must be");
        return found;
    }

    private @Nullable Object top() {
        if (stack.isEmpty()) throw wrong("takes more values than it has");
        return stack.get(stack.size() - 1);
    }

    private List<@Nullable Object> marked() {
        int mark = stack.size() - 1;
        while (mark >= 0 && stack.get(mark) != Stand.MARK) mark--;
        if (mark < 0) throw wrong("takes more values than it has");
        List<@Nullable Object> top = stack.subList(mark + 1, stack.size());
        top.forEach(this::value);
        List<@Nullable Object> items = new ArrayList<>(top);
        stack.subList(mark, stack.size()).clear();
        return items;
    }

    private void put(long at) {
        Object top = top();
        if (top == Stand.MARK || at > memo.size()) throw wrong("remembers a value out of order");
        if (at == memo.size()) memo.add(top);
        else memo.set((int) at, top);
    }

    private void get(long at) {
        if (at >= memo.size()) throw wrong("asks for a value that it does not remember");
        push(memo.get((int) at));
    }

    private String text(int length) {
        if (length < 0 || length > in.remaining()) throw wrong("has a text longer than itself");
        String text = StandardCharsets.UTF_8
                .decode(in.duplicate().limit(in.position() + length))
                .toString();
        in.position(in.position() + length);
        return text;
    }

    private String line() {
        int start = in.position();
        while (in.get() != '\n') {
            byte c = in.get(in.position() - 1);
            boolean known =
                    c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
            if (!known) throw wrong("names a class in other than letters");
        }
        return new String(in.array(), start, in.position() - 1 - start, StandardCharsets.US_ASCII);
    }

    private Object global(String module, String name) {
        if (module.equals("torch")) {
            if (name.equals("device")) return new Global("torch.device");
            if (name.equals("per_tensor_affine")) return new ScriptTensor.Scheme(false);
            if (name.equals("per_channel_affine") || name.equals("per_channel_affine_float_qparams")) {
                return new ScriptTensor.Scheme(true);
            }
            String type = name.endsWith("Storage") ? name.substring(0, name.length() - "Storage".length()) : "";
            if (ScriptTensor.TYPES.containsKey(type)) return new StorageType(type);
            throw wrong("has a tensor of the type torch." + IoErrors.printable(name) + ", which is not read");
        }
        return new Global(module + "." + name);
    }

    private @Nullable Object call(String name, @Nullable Object argument, boolean built) {
        if (name.startsWith("__torch__.")) {
            return new Built(name, argument);
        }
        if (built || !(argument instanceof Object[] arguments))
            throw wrong("calls " + name + " in a way that is not read");
        return switch (name) {
            case "torch._utils._rebuild_tensor_v2" -> tensor(arguments, false);
            case "torch._utils._rebuild_qtensor" -> tensor(arguments, true);
            // Stands for hooks that are not saved; LibTorch makes None of it.
            case "collections.OrderedDict" -> null;
            case "builtins.complex" -> {
                if (arguments.length != 2
                        || !(arguments[0] instanceof Double a)
                        || !(arguments[1] instanceof Double b)) {
                    throw wrong("has a complex number that is none");
                }
                yield new Complex(a, b);
            }
            case "torch.device" -> place(arguments);
            case "torch.jit._pickle.restore_type_tag" -> {
                if (arguments.length != 2 || !(arguments[1] instanceof String text))
                    throw wrong("has a type that is none");
                yield tag(arguments[0], types.computeIfAbsent(text, ScriptType::parse));
            }
            case "torch.jit._pickle.build_intlist" -> tagList(arguments, "int");
            case "torch.jit._pickle.build_doublelist" -> tagList(arguments, "float");
            case "torch.jit._pickle.build_boollist" -> tagList(arguments, "bool");
            case "torch.jit._pickle.build_tensorlist" -> tagList(arguments, "Tensor");
            case "torch._utils._rebuild_sparse_tensor" ->
                throw wrong("has a sparse tensor, which is not read; save it dense");
            default -> throw wrong("names the class " + IoErrors.printable(name) + ", which no network needs");
        };
    }

    private static Place place(Object[] arguments) {
        if (arguments.length != 1
                || !(arguments[0] instanceof String name)
                || !name.matches("[a-z]{1,16}(:\\d{1,3})?")) {
            throw wrong("has a device that is none");
        }
        return new Place(name);
    }

    private Object tagList(@Nullable Object[] arguments, String element) {
        if (arguments.length != 1) throw wrong("has a list that is none");
        return tag(arguments[0], new ScriptType("List", List.of(new ScriptType(element, List.of()))));
    }

    private Object tag(@Nullable Object container, ScriptType type) {
        boolean fits = type.name().equals("List") && container instanceof List<?>
                || type.name().equals("Dict") && container instanceof Map<?, ?>;
        if (container == null || !fits) throw wrong("calls a value " + type + ", which it is not");
        tagged.add(new Tagged(container, type));
        return container;
    }

    private ScriptTensor tensor(@Nullable Object[] arguments, boolean quantized) {
        ScriptTensor tensor = ScriptTensor.of(arguments, quantized);
        tensors.add(tensor);
        return tensor;
    }

    private Storage storage(@Nullable Object id) {
        if (!(id instanceof Object[] parts)
                || parts.length != 5
                || !"storage".equals(parts[0])
                || !(parts[1] instanceof StorageType type)
                || !(parts[2] instanceof String key)
                || !(parts[3] instanceof String)
                || !(parts[4] instanceof Long elements)
                || elements < 0
                || elements > Long.MAX_VALUE / 16) {
            throw wrong("has a storage that is described in a way that is not read");
        }
        place(new Object[] {parts[3]});
        Storage storage = new Storage(type.name, key, elements);
        read.add(storage);
        return storage;
    }

    private static void putAll(Map<Object, @Nullable Object> map, List<@Nullable Object> items) {
        if (items.size() % 2 != 0) throw wrong("has a key without a value");
        for (int i = 0; i < items.size(); i += 2) {
            Object key = items.get(i);
            boolean known = key instanceof String
                    || key instanceof Long
                    || key instanceof Double
                    || key instanceof Boolean
                    || key instanceof Complex
                    || key instanceof ScriptTensor;
            if (key == null || !known) throw wrong("has a key that is neither text, number nor tensor");
            map.put(key, items.get(i + 1));
        }
    }

    @SuppressWarnings("unchecked")
    private static List<@Nullable Object> list(@Nullable Object value) {
        if (value instanceof List<?> list) return (List<@Nullable Object>) list;
        throw wrong("adds to what is not a list");
    }

    @SuppressWarnings("unchecked")
    private static Map<Object, @Nullable Object> map(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) return (Map<Object, @Nullable Object>) map;
        throw wrong("adds to what is not a map");
    }

    private static IllegalArgumentException wrong(String what) {
        return new IllegalArgumentException(what);
    }
}
