package dev.limbeck.data.image;

import dev.limbeck.io.IoErrors;
import dev.limbeck.weights.PickleInput;
import dev.limbeck.weights.StrictUnpickler;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import net.razorvine.pickle.IObjectConstructor;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleException;
import org.jspecify.annotations.Nullable;

/**
 * Read a Python pickle of plain values and numpy byte arrays, and reject all other classes. Lengths are checked against
 * the file's before any allocation.
 */
final class CifarPickle extends StrictUnpickler {
    /** Opcodes that create objects without a global from the list below, or that numpy never writes. */
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

    private static final Map<String, IObjectConstructor> ALLOWED = Map.of(
            "numpy.core.multiarray._reconstruct", arguments -> new NumpyBytes(),
            "numpy._core.multiarray._reconstruct", arguments -> new NumpyBytes(),
            "numpy.ndarray", arguments -> new NumpyBytes(),
            "numpy.dtype", NumpyType::new,
            "_codecs.encode", CifarPickle::encoded);

    /** Hold the bytes of an array after its state was set. */
    static final class NumpyBytes {
        private Object values = new byte[0];

        /** Set numpy's state: version, shape, type, whether it is in column order, contents. */
        void set(@Nullable Object[] state) {
            if (state.length != 5
                    || !(state[2] instanceof NumpyType type)
                    || !List.of("u1", "|u1").contains(type.name)
                    || Boolean.TRUE.equals(state[3])
                    || !(state[4] instanceof byte[] || state[4] instanceof String)) {
                throw new PickleException("expected a numpy array of unsigned bytes, row by row");
            }
            // Not copied: a hostile file may create thousands of arrays from one string.
            values = state[4];
        }

        byte[] values() {
            return bytes(values);
        }
    }

    /** Hold the name of an element type. */
    static final class NumpyType {
        private final String name;

        NumpyType(@Nullable Object[] arguments) {
            name = arguments.length > 0 && arguments[0] instanceof String text ? text : "";
        }
    }

    private CifarPickle(PickleInput input) {
        super(input);
    }

    /**
     * Read a dictionary.
     *
     * @throws IOException if the bytes are not a complete pickle of a dictionary, or contain other classes
     */
    static Map<?, ?> read(byte[] file) throws IOException {
        try {
            PickleInput input = new PickleInput(new ByteArrayInputStream(file), file.length);
            if (new CifarPickle(input).load(input) instanceof Map<?, ?> map) return map;
        } catch (RuntimeException e) {
            throw new IOException("not a readable pickle: " + IoErrors.printable(String.valueOf(e.getMessage())), e);
        }
        throw new IOException("expected a dictionary");
    }

    /** Return the raw bytes of a string written by Python 2 or 3. */
    static byte[] bytes(Object value) {
        if (value instanceof byte[] bytes) return bytes;
        if (value instanceof String text) return text.getBytes(StandardCharsets.ISO_8859_1);
        throw new PickleException("expected bytes");
    }

    @Override
    protected Object dispatch(short key) throws IOException {
        if (REFUSED.contains(key)) throw new PickleException("opcode " + key + " is not allowed here");
        switch (key) {
            case Opcodes.GLOBAL -> stack.add(global(nameLine() + "." + nameLine()));
            case Opcodes.REDUCE, Opcodes.NEWOBJ -> {
                Object arguments = stack.pop();
                if (!(stack.pop() instanceof IObjectConstructor made) || !(arguments instanceof Object[] values)) {
                    throw new PickleException("a call of what is not a class");
                }
                spendOnCall(values);
                stack.add(made.construct(values));
            }
            case Opcodes.BUILD -> {
                Object state = stack.pop();
                if (stack.peek() instanceof NumpyBytes array && state instanceof Object[] values) array.set(values);
                else if (!(stack.peek() instanceof NumpyType)) throw new PickleException("state of what has none");
            }
            default -> {
                return super.dispatch(key);
            }
        }
        return NO_RETURN_VALUE;
    }

    private static IObjectConstructor global(String name) throws IOException {
        IObjectConstructor constructor = ALLOWED.get(name);
        if (constructor == null) throw new PickleException("class " + name + " is not allowed here");
        return constructor;
    }

    @Override
    protected Object persistentLoad(Object id) {
        throw new PickleException("persistent ids are not allowed here");
    }

    /** Decode bytes that Python 3 writes in protocol 2 as Latin-1 text. */
    private static Object encoded(Object[] arguments) {
        if (arguments.length != 2 || !"latin1".equals(arguments[1])) {
            throw new PickleException("expected text in latin1");
        }
        return bytes(arguments[0]);
    }
}
