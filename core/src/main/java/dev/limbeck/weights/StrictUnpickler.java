package dev.limbeck.weights;

import dev.limbeck.Limit;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import net.razorvine.pickle.Opcodes;
import net.razorvine.pickle.PickleUtils;
import net.razorvine.pickle.Unpickler;
import org.jspecify.annotations.Nullable;

/**
 * Decode the plain values of a pickle within bounds: no length is believed that the input does not hold, no number is longer
 * than programs write, and what the values take in memory stays in proportion to the pickle. Classes are a subclass's to know.
 */
public abstract class StrictUnpickler extends Unpickler {
    /** Digits and bytes of integers: reading and printing them takes time that grows by the square. */
    private static final int LONGEST_NUMBER = 1_000;

    /** What objects take on a 64-bit Java: a number, a string beside its text, a container, a pair in a map. */
    private static final int PLAIN = 32;

    private static final int STRING = 64;
    private static final int CONTAINER = 96;
    private static final int PAIR = 64;
    private static final int SLOT = 8;
    /** A pair of a list that becomes one of a map, and what is needed on the way. */
    private static final int COPIED = 200;

    private final PickleInput source;
    private final long most;
    private long spent;

    /** Prepare to read one pickle from the input, whose length bounds its memory. */
    protected StrictUnpickler(PickleInput source) {
        this.source = source;
        // Text as Java keeps it takes up to two bytes a character.
        most = 2 * source.remaining() + Limit.PICKLE_MEMORY.value();
    }

    /** Return how the input is read and how much of it is left. */
    protected final PickleInput source() {
        return source;
    }

    /**
     * Account for memory that a value takes.
     *
     * @throws IllegalArgumentException if the pickle asks for too much
     */
    protected final void spend(long bytes) {
        spent += bytes;
        if (spent > most) {
            throw new IllegalArgumentException("its pickle asks for more than " + most
                    + " bytes of memory, out of proportion to its length; " + Limit.PICKLE_MEMORY.advice());
        }
    }

    /** Account for a call: what it makes may copy what its arguments hold. */
    protected final void spendOnCall(@Nullable Object arguments) {
        spend(CONTAINER);
        if (!(arguments instanceof Object[] values)) return;
        for (Object value : values) {
            if (value instanceof Object[] tuple) spend((long) SLOT * tuple.length);
            else if (value instanceof Collection<?> items) spend((long) COPIED * items.size());
            else if (value instanceof Map<?, ?> map) spend((long) COPIED * map.size());
            else if (value instanceof String text) spend(text.length());
        }
    }

    /** Add items to the list on top of the stack. */
    protected void addAll(List<Object> items) {
        if (!(stack.peek() instanceof List<?>)) throw new IllegalArgumentException("damaged pickle: adds to no list");
        @SuppressWarnings("unchecked")
        List<Object> list = (List<Object>) stack.peek();
        list.addAll(items);
    }

    /** Put keys and values, in turn, into the map on top of the stack. */
    protected void putAll(List<Object> keysAndValues) {
        if (!(stack.peek() instanceof Map<?, ?>))
            throw new IllegalArgumentException("damaged pickle: puts into no map");
        @SuppressWarnings("unchecked")
        Map<Object, Object> map = (Map<Object, Object>) stack.peek();
        put(map, keysAndValues);
    }

    /** Put keys and values, in turn, into a map. */
    static void put(Map<Object, Object> map, List<Object> keysAndValues) {
        if (keysAndValues.size() % 2 != 0) throw new IllegalArgumentException("damaged pickle: a key without a value");
        for (int i = 0; i < keysAndValues.size(); i += 2) map.put(key(keysAndValues.get(i)), keysAndValues.get(i + 1));
    }

    private static @Nullable Object key(@Nullable Object key) {
        // As in Python; besides, the hash of a list that holds itself never ends.
        if (key instanceof Collection || key instanceof Map) {
            throw new IllegalArgumentException("damaged pickle: a list or map is the key of a map");
        }
        // Others' hashes may be made to collide, by the thousand; nobody asks for them.
        boolean plain = key == null
                || key instanceof String
                || key instanceof Number
                || key instanceof Boolean
                || key instanceof byte[];
        return plain ? key : new Object();
    }

    @Override
    protected Object dispatch(short opcode) throws IOException {
        switch (opcode) {
            case Opcodes.INT, Opcodes.LONG, Opcodes.FLOAT, Opcodes.PUT, Opcodes.GET -> {
                requireShortLine();
                spend(2 * PLAIN);
            }
            case Opcodes.LONG4 -> {
                if (requireRemaining(4) > LONGEST_NUMBER) throw tooLong();
                spend(LONGEST_NUMBER);
            }
            case Opcodes.BINSTRING, Opcodes.BINUNICODE, Opcodes.BINBYTES -> spend(STRING + requireRemaining(4));
            case Opcodes.BINUNICODE8, Opcodes.BINBYTES8, Opcodes.BYTEARRAY8 -> spend(STRING + requireRemaining(8));
            case Opcodes.STRING,
                    Opcodes.UNICODE,
                    Opcodes.SHORT_BINSTRING,
                    Opcodes.SHORT_BINUNICODE,
                    Opcodes.SHORT_BINBYTES,
                    Opcodes.LONG1 -> spend(STRING);
            case Opcodes.EMPTY_LIST,
                    Opcodes.EMPTY_TUPLE,
                    Opcodes.TUPLE,
                    Opcodes.TUPLE1,
                    Opcodes.TUPLE2,
                    Opcodes.TUPLE3,
                    Opcodes.LIST -> spend(CONTAINER);
            // An entry of the memo.
            case Opcodes.BINPUT, Opcodes.LONG_BINPUT, Opcodes.MEMOIZE -> spend(PAIR);
            // The base class would copy the whole list each time.
            case Opcodes.APPEND -> {
                spend(SLOT);
                addAll(Collections.singletonList(stack.pop()));
                return NO_RETURN_VALUE;
            }
            case Opcodes.APPENDS, Opcodes.ADDITEMS -> {
                List<Object> items = stack.pop_all_since_marker();
                spend((long) SLOT * items.size());
                addAll(items);
                return NO_RETURN_VALUE;
            }
            case Opcodes.SETITEM -> {
                spend(PAIR);
                Object value = stack.pop();
                putAll(Arrays.asList(stack.pop(), value));
                return NO_RETURN_VALUE;
            }
            case Opcodes.SETITEMS -> {
                List<Object> keysAndValues = stack.pop_all_since_marker();
                spend((long) PAIR / 2 * keysAndValues.size());
                putAll(keysAndValues);
                return NO_RETURN_VALUE;
            }
            case Opcodes.DICT -> {
                List<Object> keysAndValues = stack.pop_all_since_marker();
                spend(CONTAINER + (long) PAIR / 2 * keysAndValues.size());
                stack.add(new LinkedHashMap<>());
                putAll(keysAndValues);
                return NO_RETURN_VALUE;
            }
            // Maps keep their order, as in Python. Sets become lists: hashing nested ones can take forever.
            case Opcodes.EMPTY_DICT -> {
                spend(CONTAINER);
                stack.add(new LinkedHashMap<>());
                return NO_RETURN_VALUE;
            }
            case Opcodes.EMPTY_SET -> {
                spend(CONTAINER);
                stack.add(new ArrayList<>());
                return NO_RETURN_VALUE;
            }
            case Opcodes.FROZENSET -> {
                spend(CONTAINER);
                stack.add(stack.pop_all_since_marker());
                return NO_RETURN_VALUE;
            }
            default -> spend(PLAIN);
        }
        return super.dispatch(opcode);
    }

    /** Check a length that the base class is about to allocate. */
    private long requireRemaining(int lengthBytes) throws IOException {
        source.mark(lengthBytes);
        ByteBuffer bytes =
                ByteBuffer.wrap(PickleUtils.readbytes(source, lengthBytes)).order(ByteOrder.LITTLE_ENDIAN);
        source.reset();
        long length = lengthBytes == 4 ? Integer.toUnsignedLong(bytes.getInt()) : bytes.getLong();
        if (length < 0 || length > source.remaining()) {
            throw new IllegalArgumentException("a pickled value claims " + Long.toUnsignedString(length) + " bytes but "
                    + source.remaining() + " are left; damaged or cut off");
        }
        return length;
    }

    private void requireShortLine() throws IOException {
        source.mark(LONGEST_NUMBER + 1);
        int length = 0;
        while (source.remaining() > 0 && source.read() != '\n') if (++length > LONGEST_NUMBER) throw tooLong();
        source.reset();
    }

    private static IllegalArgumentException tooLong() {
        return new IllegalArgumentException(
                "its pickle holds a number of more than " + LONGEST_NUMBER + " digits or bytes; damaged");
    }

    /** Read a line of the input that holds a name. */
    protected final String nameLine() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = source.read(); c != '\n'; c = source.read()) {
            if (line.length() == LONGEST_NUMBER) {
                throw new IllegalArgumentException("the name of a class in its pickle does not end; damaged");
            }
            line.append((char) c);
        }
        return line.toString();
    }
}
