package dev.limbeck.data.image;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleException;
import net.razorvine.pickle.Unpickler;

/**
 * Read a Python pickle of plain values and byte arrays by numpy, and refuse every other class. Lengths are checked
 * against the file's before anything is allocated.
 */
final class CifarPickle extends Unpickler {
    private static final int LONGEST_NAME = 200;

    /** Opcodes that make objects by other ways than a name of the list below, or that numpy never writes. */
    private static final Set<Short> REFUSED = Set.of(
            Opcodes.INST,
            Opcodes.OBJ,
            Opcodes.EXT1,
            Opcodes.EXT2,
            Opcodes.EXT4,
            Opcodes.NEWOBJ_EX,
            Opcodes.STACK_GLOBAL,
            Opcodes.PERSID,
            Opcodes.BINPERSID,
            Opcodes.EMPTY_SET,
            Opcodes.FROZENSET,
            Opcodes.NEXT_BUFFER);

    private static final Set<Short> WITH_INT_LENGTH =
            Set.of(Opcodes.BINSTRING, Opcodes.BINUNICODE, Opcodes.BINBYTES, Opcodes.LONG4);
    private static final Set<Short> WITH_LONG_LENGTH =
            Set.of(Opcodes.BINUNICODE8, Opcodes.BINBYTES8, Opcodes.BYTEARRAY8);

    private static final Map<String, IObjectConstructor> ALLOWED = Map.of(
            "numpy.core.multiarray._reconstruct", arguments -> new NumpyBytes(),
            "numpy._core.multiarray._reconstruct", arguments -> new NumpyBytes(),
            "numpy.ndarray", arguments -> new NumpyBytes(),
            "numpy.dtype", NumpyType::new,
            "_codecs.encode", CifarPickle::encoded);

    /** Hold an array's bytes once its state has been set; public because the reader sets it by reflection. */
    public static final class NumpyBytes {
        private byte[] values = {};

        /** Take numpy's state: version, shape, type, whether columns come first, contents. */
        public void __setstate__(Object[] state) {
            if (state.length != 5
                    || !(state[2] instanceof NumpyType type)
                    || !List.of("u1", "|u1").contains(type.name)
                    || Boolean.TRUE.equals(state[3])) {
                throw new PickleException("expected a numpy array of unsigned bytes, row by row");
            }
            values = bytes(state[4]);
        }

        byte[] values() {
            return values;
        }
    }

    /** Hold the name of an element type. */
    public static final class NumpyType {
        private final String name;

        NumpyType(Object[] arguments) {
            name = arguments.length > 0 ? String.valueOf(arguments[0]) : "";
        }

        /** Take numpy's state, which for bytes says nothing new. */
        public void __setstate__(Object[] state) {
            // The byte order of single bytes does not matter.
        }
    }

    private CifarPickle() {}

    /**
     * Read a dictionary.
     *
     * @throws IOException if the bytes are not a whole pickle of a dictionary, or hold other classes
     */
    static Map<?, ?> read(byte[] file) throws IOException {
        try {
            if (new CifarPickle().load(new ByteArrayInputStream(file)) instanceof Map<?, ?> map) return map;
        } catch (RuntimeException e) {
            throw new IOException("not a readable pickle: " + e.getMessage(), e);
        }
        throw new IOException("expected a dictionary");
    }

    /** Return the raw bytes of a string as Python 2 or 3 wrote it. */
    static byte[] bytes(Object value) {
        if (value instanceof byte[] bytes) return bytes;
        if (value instanceof String text) return text.getBytes(StandardCharsets.ISO_8859_1);
        throw new PickleException("expected bytes");
    }

    @Override
    protected Object dispatch(short key) throws IOException {
        if (REFUSED.contains(key)) throw new PickleException("opcode " + key + " is not allowed here");
        if (WITH_INT_LENGTH.contains(key)) check(Integer.toUnsignedLong(peek(4).getInt()));
        if (WITH_LONG_LENGTH.contains(key)) check(peek(8).getLong());
        switch (key) {
            case Opcodes.SETITEM -> {
                Object value = stack.pop();
                put(Arrays.asList(stack.pop(), value));
                return NO_RETURN_VALUE;
            }
            case Opcodes.SETITEMS -> {
                put(stack.pop_all_since_marker());
                return NO_RETURN_VALUE;
            }
            case Opcodes.DICT -> {
                List<Object> items = stack.pop_all_since_marker();
                stack.add(new HashMap<>());
                put(items);
                return NO_RETURN_VALUE;
            }
            case Opcodes.GLOBAL -> {
                stack.add(global(line() + "." + line()));
                return NO_RETURN_VALUE;
            }
            default -> {
                return super.dispatch(key);
            }
        }
    }

    private static IObjectConstructor global(String name) throws IOException {
        IObjectConstructor constructor = ALLOWED.get(name);
        if (constructor == null) throw new PickleException("class " + name + " is not allowed here");
        return constructor;
    }

    /** Put keys and values in turn; the hash of a key that is a collection may never end. */
    private void put(List<Object> keysAndValues) {
        if (!(stack.peek() instanceof Map<?, ?>)) throw new PickleException("expected a dictionary");
        @SuppressWarnings("unchecked")
        Map<Object, Object> map = (Map<Object, Object>) stack.peek();
        for (int i = 0; i + 1 < keysAndValues.size(); i += 2) {
            Object key = keysAndValues.get(i);
            if (!(key instanceof String || key instanceof byte[] || key instanceof Number)) {
                throw new PickleException("expected text or a number as key");
            }
            map.put(key, keysAndValues.get(i + 1));
        }
    }

    @Override
    protected Object persistentLoad(Object id) {
        throw new PickleException("persistent ids are not allowed here");
    }

    /** Undo how Python 3 writes bytes in protocol 2: text in Latin-1 that is encoded on reading. */
    private static Object encoded(Object[] arguments) {
        if (arguments.length != 2 || !"latin1".equals(arguments[1])) {
            throw new PickleException("expected text in latin1");
        }
        return bytes(arguments[0]);
    }

    private ByteBuffer peek(int count) throws IOException {
        input.mark(count);
        byte[] bytes = input.readNBytes(count);
        input.reset();
        return ByteBuffer.wrap(Arrays.copyOf(bytes, count)).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void check(long length) throws IOException {
        if (length < 0 || length > input.available()) {
            throw new PickleException("a length of " + length + " reaches beyond the end");
        }
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = input.read(); c != '\n'; c = input.read()) {
            if (c < 0 || line.length() == LONGEST_NAME) throw new PickleException("a class name does not end");
            line.append((char) c);
        }
        return line.toString();
    }
}
